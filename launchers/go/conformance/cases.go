// The handlers of launchers/conformance/README.md in Go.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/shortedfaas/shortedfaas/launchers/go/shortedfaas"
)

const calm = "calm"

func main() {
	shortedfaas.Serve(shortedfaas.Functions{
		"echo":       func(input string, _ *shortedfaas.Environment) (string, error) { return input, nil },
		"echo_bytes": func(input []byte, _ *shortedfaas.Environment) ([]byte, error) { return input, nil },
		"map": func(_ string, _ *shortedfaas.Environment) map[string]any {
			return map[string]any{"a": 1, "b": []any{true, nil, "ü"}}
		},
		"list":    func(_ string, _ *shortedfaas.Environment) []int { return []int{1, 2, 3} },
		"number":  func(_ string, _ *shortedfaas.Environment) int { return 42 },
		"boolean": func(_ string, _ *shortedfaas.Environment) bool { return true },
		"nothing": func(_ string, _ *shortedfaas.Environment) {},
		"unencodable": unlessCalm(func(_ *shortedfaas.Environment) (any, error) {
			return make(chan int), nil
		}),
		"code":                   unlessCalm(code),
		"headers":                unlessCalm(headers),
		"cookies":                cookies,
		"bad_header":             unlessCalm(badHeader),
		"code_out_of_range":      unlessCalm(codeOutOfRange),
		"environment":            environment,
		"deadline":               deadline,
		"relative_file":          relativeFile,
		"raise_error":            unlessCalm(func(_ *shortedfaas.Environment) (any, error) { return nil, errors.New("deliberate") }),
		"raise_unencodable":      unlessCalm(func(_ *shortedfaas.Environment) (any, error) { return nil, errors.New("deliberate \xff\xed\xa0\x80") }),
		"exit_inside":            unlessCalm(func(_ *shortedfaas.Environment) (any, error) { os.Exit(3); return nil, nil }),
		"killed":                 unlessCalm(killed),
		"endless_loop":           unlessCalm(endlessLoop),
		"recursion":              unlessCalm(func(_ *shortedfaas.Environment) (any, error) { return deeper([64]int{1}), nil }),
		"huge_output":            unlessCalm(func(_ *shortedfaas.Environment) (any, error) { return strings.Repeat("x", 20_000_000), nil }),
		"print_during":           unlessCalm(printDuring),
		"print_and_raise":        printAndRaise,
		"print_much":             unlessCalm(printMuch),
		"print_after":            printAfter,
		"print_by_a_child":       printByAChild,
		"thread_left":            threadLeft,
		"descriptors_of_a_child": descriptorsOfAChild,
		"read_stdin":             readStdin,
		"close_fd3":              unlessCalm(func(_ *shortedfaas.Environment) (any, error) { return "closed", syscall.Close(3) }),
		"scribble_fd4":           unlessCalm(scribble),
		"count":                  count,
		"not_a_function":         42,
	})
}

func unlessCalm(function func(*shortedfaas.Environment) (any, error)) any {
	return func(input string, environment *shortedfaas.Environment) (any, error) {
		if input == calm {
			return calm, nil
		}
		return function(environment)
	}
}

func code(environment *shortedfaas.Environment) (any, error) {
	environment.Code = 201
	return "created", nil
}

func headers(environment *shortedfaas.Environment) (any, error) {
	environment.SetHeader("content-type", "text/csv")
	environment.SetHeader("x-case", "yes")
	return "a,b", nil
}

func cookies(_ string, environment *shortedfaas.Environment) string {
	environment.ResponseHeaders["set-cookie"] = []string{"a=1", "b=2"}
	return "two"
}

func badHeader(environment *shortedfaas.Environment) (any, error) {
	environment.SetHeader("x-bad", "a\r\nx-evil: 1")
	return "bad", nil
}

func codeOutOfRange(environment *shortedfaas.Environment) (any, error) {
	environment.Code = 999
	return "out of range", nil
}

func environment(_ string, environment *shortedfaas.Environment) map[string]any {
	return map[string]any{
		"code": environment.Code, "response_headers": environment.ResponseHeaders, "headers": environment.Headers(),
		"method": environment.Method(), "path": environment.Path(), "path_info": environment.PathInfo(),
		"query": environment.Query(), "query_string": environment.QueryString(),
		"content_type": environment.ContentType(), "accept": environment.Accept(), "function": environment.Function(),
		"id": environment.ID(), "deadline": environment.Deadline().UnixMilli(), "asynchronous": environment.Asynchronous(),
		"identity": environment.Identity(), "variables": environment.Variables(), "process_variable": os.Getenv("COLOUR"),
	}
}

func deadline(_ string, environment *shortedfaas.Environment) int64 {
	return time.Until(environment.Deadline()).Milliseconds()
}

func relativeFile(_ string, _ *shortedfaas.Environment) (string, error) {
	text, err := os.ReadFile("data.txt")
	return string(text), err
}

func killed(_ *shortedfaas.Environment) (any, error) {
	return nil, syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

func endlessLoop(_ *shortedfaas.Environment) (any, error) {
	for turns := 0; ; turns++ {
		_ = turns
	}
}

func deeper(above [64]int) int {
	above[0]++
	return deeper(above) + above[1]
}

func printDuring(_ *shortedfaas.Environment) (any, error) {
	fmt.Print("printed by the handler")
	fmt.Fprint(os.Stderr, "and to stderr")
	return "quiet", nil
}

func printAndRaise(_ string, _ *shortedfaas.Environment) {
	fmt.Print("printed by the handler")
	panic("deliberate")
}

func printMuch(_ *shortedfaas.Environment) (any, error) {
	for line := 0; line < 20_000; line++ {
		fmt.Printf("%99d\n", line)
		fmt.Fprintf(os.Stderr, "%99d\n", line)
	}
	return "quiet", nil
}

func printAfter(_ string, _ *shortedfaas.Environment) string {
	time.AfterFunc(50*time.Millisecond, func() { fmt.Println("printed later") })
	return "quiet"
}

func printByAChild(_ string, _ *shortedfaas.Environment) (string, error) {
	child := exec.Command("sh", "-c", "echo printed by a child")
	child.Stdout = os.Stdout
	return "quiet", child.Run()
}

func threadLeft(_ string, _ *shortedfaas.Environment) string {
	go time.Sleep(time.Minute)
	return "left"
}

func descriptorsOfAChild(_ string, _ *shortedfaas.Environment) (string, error) {
	test := "if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi"
	said, err := exec.Command("sh", "-c", test).Output()
	return string(said), err
}

func readStdin(_ string, _ *shortedfaas.Environment) (string, error) {
	bytes, err := io.ReadAll(os.Stdin)
	return fmt.Sprintf("stdin: %d", len(bytes)), err
}

func scribble(environment *shortedfaas.Environment) (any, error) {
	if _, err := syscall.Write(4, []byte("this is not a frame!")); err != nil {
		return nil, err
	}
	return endlessLoop(environment)
}

var calls int

func count(_ string, _ *shortedfaas.Environment) string {
	calls++
	return fmt.Sprint(calls)
}
