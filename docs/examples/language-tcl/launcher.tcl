# Hosts the handler of a Tcl function (launchers/PROTOCOL.md). Needs Tcl 8.6 and nothing else.

# Values of JSON, made of others: json::map a [json::number 1] b [json::list [json::text x] null]
namespace eval json {
    variable escapes {}
    for {set code 0} {$code < 32} {incr code} { lappend escapes [format %c $code] [format \\u%04x $code] }
    lappend escapes \" \\\" \\ \\\\ \u007f \\u007f

    proc text {text} {
        variable escapes
        return \"[string map $escapes $text]\"
    }
    proc number {number} {
        if {![string is double -strict $number] || [string match -nocase *n* $number]} { error "cannot be JSON: $number is no finite number" }
        return [expr {$number}]
    }
    proc boolean {value} { return [expr {$value ? "true" : "false"}] }
    proc list {args} { return \[[join $args ,]\] }
    proc map {args} {
        set members {}
        foreach {name value} $args { lappend members [text $name]:$value }
        return \{[join $members ,]\}
    }
    # A map whose values are all texts.
    proc texts {dict} {
        set members {}
        dict for {name value} $dict { lappend members $name [text $value] }
        return [map {*}$members]
    }

    # Maps become dicts, lists become lists, everything else its text; null is empty.
    proc decode {text} {
        set tokens [regexp -all -inline {"(?:[^"\\]|\\.)*"|[][{},:]|[^][{},:"\s]+} $text]
        set at 0
        return [value $tokens at]
    }
    proc value {tokens place} {
        upvar 1 $place at
        set token [lindex $tokens $at]
        incr at
        if {[string index $token 0] eq "\""} { return [subst -nocommands -novariables [string range $token 1 end-1]] }
        if {$token ni {"\{" "\["}} { return [expr {$token eq "null" ? {} : $token}] }
        set result {}
        while {[lindex $tokens $at] ni {"\}" "\]" {}}} {
            lappend result [value $tokens at]
            if {[lindex $tokens $at] in {, :}} { incr at }
        }
        incr at
        return $result
    }
}

namespace eval shortedfaas {
    # What is read and written: frames, in bytes.
    variable from [open /dev/fd/3 rb] to [open /dev/fd/4 wb] load {} header {} kind {} asked_to_exit {}
    chan configure $from -buffersize 65536
    chan configure $to -buffering full -buffersize 65536

    proc receive {} {
        variable from
        set head [read $from 9]
        if {[string length $head] < 9} { return {} }
        binary scan $head a1IuIu type header_length body_length
        set header [read $from $header_length]
        set body [read $from $body_length]
        if {[string length $header] < $header_length || [string length $body] < $body_length} { return {} }
        return [list $type [encoding convertfrom utf-8 $header] $body]
    }

    # What was printed comes first.
    proc send {type header body} {
        variable to
        catch { flush stdout }
        set header [encoding convertto utf-8 $header]
        puts -nonewline $to [binary format a1II $type [string length $header] [string length $body]]$header$body
        flush $to
    }

    # Characters that no UTF-8 stands for become replacement characters.
    proc clean {text} {
        return [regsub -all {[\ud800-\udfff]} [string range $text 0 65535] \ufffd]
    }

    proc broken {kind message {trace {}}} {
        send B [json::texts [dict create kind $kind message [clean $message] trace [clean $trace]]] {}
        leave 1
    }

    # The attributes of a call are an array, filled when it is first looked at.
    proc fill {args} {
        variable load
        variable header
        trace remove variable ::environment {read array} shortedfaas::fill
        set set_already [array get ::environment]
        array set ::environment [json::decode $header]
        array set ::environment [list code [expr {$::environment(asynchronous) ? 202 : 200}] response_headers {} \
            function [dict get $load function] variables [dict get $load variables]]
        array set ::environment $set_already
    }

    proc answer_header {} {
        set code [expr {[info exists ::environment(code)] ? $::environment(code) : 200}]
        set headers [expr {[info exists ::environment(response_headers)] ? $::environment(response_headers) : {}}]
        if {$code == 200 && [dict size $headers] == 0} { return {} }
        if {![string is integer -strict $code]} { error "environment(code) is $code, no whole number" }
        set members {}
        # A value is a text; several of one name are written as json::list.
        dict for {name value} $headers { lappend members $name [expr {[string match {\["*"\]} $value] ? $value : [json::text $value]}] }
        return [json::map code $code headers [json::map {*}$members]]
    }

    proc call {handler text header_text body} {
        variable header $header_text
        variable kind {}
        variable asked_to_exit {}
        array unset ::environment
        array set ::environment {}
        trace add variable ::environment {read array} shortedfaas::fill
        set input [expr {$text ? [encoding convertfrom utf-8 $body] : $body}]
        set code [catch { uplevel #0 [list $handler $input environment] } result options]
        trace remove variable ::environment {read array} shortedfaas::fill
        if {$asked_to_exit eq {} && $code in {0 2} && ![catch { answer_header } answer]} {
            if {$result eq $input && $kind eq {}} { return [list [expr {$text ? "T" : "O"}] $answer $body] }
            if {$kind eq "O" || $kind eq {} && !$text && ![regexp {[^\u0000-\u00ff]} $result]} { return [list O $answer $result] }
            return [list [expr {$kind eq "J" ? "J" : "T"}] $answer [encoding convertto utf-8 $result]]
        }
        if {[info exists answer] && $code in {0 2}} { set result $answer }
        if {$asked_to_exit ne {}} { set result $asked_to_exit }
        set trace [expr {[dict exists $options -errorinfo] ? [dict get $options -errorinfo] : {}}]
        return [list E [json::texts [dict create type error message [clean $result] trace [clean $trace]]] {}]
    }

    proc load_handler {} {
        variable load
        variable asked_to_exit
        set file [dict get $load file]
        if {![file isfile $file]} { broken missing "the handler's file $file is not in the folder" }
        lappend ::auto_path [pwd] [file dirname [file normalize $file]]
        if {[catch { uplevel #0 [list source -encoding utf-8 $file] } result options]} {
            set syntax {missing close-brac|unmatched open|extra characters after close-|missing "}
            set kind [expr {[string match "can't find package*" $result] ? "import" : [regexp $syntax $result] ? "syntax" : "load"}]
            if {$asked_to_exit ne {}} { set result "it called exit while it was loaded" }
            broken $kind "$file: $result" [dict get $options -errorinfo]
        }
        set names [expr {[dict get $load handler] ne {} ? [list [dict get $load handler]] : {lambda handler}}]
        foreach name $names {
            # In a namespace of its own a handler may have the name of one of Tcl's commands.
            foreach place [list ::handlers::$name ::$name] {
                if {[info procs $place] ne {}} { return $place }
            }
        }
        broken missing "$file has no proc `[join $names {` or `}]`: define it"
    }

    proc main {} {
        variable load
        lassign [receive] type header
        if {$type ne "L"} { leave [expr {$type ne {}}] }
        set load [json::decode $header]
        set handler [load_handler]
        send H [json::map protocol 1 pid [pid] language [json::text tcl] version [json::text [info patchlevel]]] {}
        set text [expr {[dict get $load input] eq "text"}]
        while {[set frame [receive]] ne {}} {
            lassign $frame type header body
            if {$type eq "S"} { break }
            if {$type eq "I"} { send {*}[call $handler $text $header $body] }
        }
        leave 0
    }
}

# For handlers: what is returned is JSON, or bytes.
proc json::answer {json} { set ::shortedfaas::kind J; return $json }
proc bytes {bytes} { set ::shortedfaas::kind O; return $bytes }

rename exit shortedfaas::leave
proc exit {{status 0}} {
    set ::shortedfaas::asked_to_exit "exit $status inside the handler"
    error $::shortedfaas::asked_to_exit
}

# Tcl cannot mark a descriptor as close-on-exec: a shell closes what is not for children.
set shortedfaas::closing {sh -c {exec "$@" 3<&- 4<&-} sh}
rename exec shortedfaas::execute
proc exec {args} {
    set count 0
    while {[string match -* [lindex $args $count]]} { if {[lindex $args [expr {[incr count] - 1}]] eq "--"} { break } }
    tailcall shortedfaas::execute {*}[lrange $args 0 $count-1] {*}$shortedfaas::closing {*}[lrange $args $count end]
}
rename open shortedfaas::open_plain
proc open {name args} {
    if {[string index $name 0] eq "|"} { set name "|[concat $shortedfaas::closing [string range $name 1 end]]" }
    tailcall shortedfaas::open_plain $name {*}$args
}

shortedfaas::main
