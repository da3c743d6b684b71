print("printed at load")
function lambda() return "quiet" end
