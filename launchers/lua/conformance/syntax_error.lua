function lambda( return end
