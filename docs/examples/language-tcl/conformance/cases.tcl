# The handlers of launchers/conformance/README.md. In a namespace, as some have names of Tcl's own commands.
set called 0
set not_a_function 5

namespace eval handlers {
    proc echo {input environment} { return $input }
    proc echo_bytes {input environment} { return $input }
    proc map {input environment} {
        json::answer [json::map a [json::number 1] b [json::list [json::boolean 1] null [json::text ü]]]
    }
    proc list {input environment} { json::answer [json::list 1 2 3] }
    proc number {input environment} { json::answer [json::number 42] }
    proc boolean {input environment} { json::answer [json::boolean yes] }
    proc nothing {input environment} {}
    proc cookies {input environment} {
        upvar #0 $environment call
        dict set call(response_headers) set-cookie [json::list [json::text a=1] [json::text b=2]]
        return two
    }
    proc environment {input environment} {
        upvar #0 $environment call
        set found {}
        foreach name {method path path_info query_string content_type accept function id identity} { lappend found $name [json::text $call($name)] }
        foreach name {response_headers headers query variables} { lappend found $name [json::texts $call($name)] }
        foreach name {code deadline asynchronous} { lappend found $name $call($name) }
        if {[info exists ::env(COLOUR)]} { lappend found process_variable [json::text $::env(COLOUR)] }
        json::answer [json::map {*}$found]
    }
    proc deadline {input environment} {
        upvar #0 $environment call
        json::answer [json::number [expr {$call(deadline) - [clock milliseconds]}]]
    }
    proc relative_file {input environment} { return [read [open data.txt]] }
    proc print_and_raise {input environment} {
        puts "printed by the handler"
        error deliberate
    }
    proc print_after {input environment} {
        exec sh -c {sleep 0.05; echo printed later} >@stdout &
        return quiet
    }
    proc print_by_a_child {input environment} {
        exec echo printed by a child >@stdout
        return quiet
    }
    proc thread_left {input environment} {
        exec sleep 60 &
        return left
    }
    proc descriptors_of_a_child {input environment} {
        exec sh -c {if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi}
    }
    proc read_stdin {input environment} { return "stdin: [string length [read stdin]]" }
    proc count {input environment} { incr ::called }

    # Those leave a calm input alone.
    proc wild {name body} {
        proc $name {input environment} "if {\$input eq {calm}} { return calm }\nupvar #0 \$environment call\n$body"
    }
    wild code { set call(code) 201; return created }
    wild headers { set call(response_headers) {content-type text/csv x-case yes}; return a,b }
    wild bad_header { dict set call(response_headers) x-bad "a\r\nx-evil: 1"; return bad }
    wild code_out_of_range { set call(code) 999; return "out of range" }
    wild raise_error { error deliberate }
    wild raise_unencodable { error "deliberate \ud800" }
    wild exit_inside { exit 3 }
    wild killed { exec kill -9 [pid]; while 1 {} }
    wild endless_loop { while 1 {} }
    wild recursion { recursion deeper $environment }
    wild huge_output { string repeat x 20000000 }
    wild print_during { puts -nonewline "printed by the handler"; puts -nonewline stderr "and to stderr"; return quiet }
    wild print_much { puts [string repeat x 2000000]; puts stderr [string repeat y 2000000]; return quiet }
    wild scribble_fd4 {
        set frames [open /dev/fd/4 wb]
        puts -nonewline $frames "this is not a frame!"
        flush $frames
        while 1 {}
    }
}
