# Greets by name. What it prints goes to /history, never into the answer.
proc lambda {input environment} {
    upvar #0 $environment call
    set name [expr {$input ne {} ? $input : [dict exists $call(query) name] ? [dict get $call(query) name] : "world"}]
    puts "greeting $name for call $call(id)"
    return "Hello, $name!"
}
