package shortedfaas

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"syscall"
	"unicode/utf8"
)

// Larger buffers are not kept for the next call.
const mostKeptBytes = 1 << 20

var process = os.Getpid()

// A plain descriptor: os.NewFile would hand a pipe to the runtime's poller, which costs a call two system calls more.
type descriptor int

func (from descriptor) Read(into []byte) (int, error) {
	for {
		got, err := syscall.Read(int(from), into)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, err
		case got == 0 && len(into) > 0:
			return 0, io.EOF
		default:
			return got, nil
		}
	}
}

func (to descriptor) Write(piece []byte) (int, error) {
	for written := 0; ; {
		some, err := syscall.Write(int(to), piece[written:])
		if err != nil && err != syscall.EINTR {
			return written, err
		}
		if err == nil {
			written += some
		}
		if written == len(piece) {
			return written, nil
		}
	}
}

// Serve answers calls until the host ends the program. It does not return.
func Serve(functions Functions) {
	syscall.CloseOnExec(3)
	syscall.CloseOnExec(4)
	var prefix [9]byte
	var buffer []byte
	var function handler
	for {
		if _, err := io.ReadFull(descriptor(3), prefix[:]); err != nil {
			os.Exit(0)
		}
		header := int(binary.BigEndian.Uint32(prefix[1:]))
		length := header + int(binary.BigEndian.Uint32(prefix[5:]))
		if cap(buffer) < length || cap(buffer) > mostKeptBytes {
			buffer = make([]byte, length)
		}
		frame := buffer[:length]
		if _, err := io.ReadFull(descriptor(3), frame); err != nil {
			os.Exit(0)
		}
		switch {
		case prefix[0] == 'L' && function == nil:
			function = start(functions, frame)
		case prefix[0] == 'I' && function != nil:
			answer(function, frame[:header:header], frame[header:])
		case prefix[0] == 'S':
			os.Exit(0)
		}
	}
}

// start finds the function and says hello.
func start(functions Functions, header []byte) handler {
	// Null and what is missing stay empty.
	_ = json.Unmarshal(header, &loaded)
	if loaded.Variables == nil {
		loaded.Variables = map[string]string{}
	}
	name := loaded.Handler[strings.LastIndex(loaded.Handler, ".")+1:]
	var known []string
	for one := range functions {
		known = append(known, one)
	}
	sort.Strings(known)
	if name == "" && len(known) == 1 {
		name = known[0]
	} else if name == "" {
		name = "lambda"
	}
	wanted, is := functions[name]
	if !is {
		broken(fmt.Sprintf("the handler `%s` is not in the program: it serves %s", name, strings.Join(known, ", ")))
	}
	function, err := handlerOf(name, wanted)
	if err != nil {
		broken(err.Error())
	}
	hello, _ := json.Marshal(map[string]any{
		"protocol": 1, "pid": process, "language": "go", "version": strings.TrimPrefix(runtime.Version(), "go"),
	})
	if send('H', hello, nil) != nil {
		os.Exit(70)
	}
	return function
}

func broken(message string) {
	header, _ := json.Marshal(map[string]string{"kind": "missing", "message": message, "trace": ""})
	_ = send('B', header, nil)
	os.Exit(1)
}

// answer calls the function and sends one frame, whatever happens.
func answer(function handler, header, input []byte) {
	environment := &Environment{Code: 200, ResponseHeaders: map[string]any{}, raw: header}
	if isAsynchronous(header) {
		environment.Code = 202
	}
	environment.usual = environment.Code
	output, err := call(function, input, environment)
	if os.Getpid() != process {
		// A child that was forked answers nobody.
		os.Exit(0)
	}
	kind, body := byte('E'), []byte(nil)
	if err == nil {
		kind, body, err = encode(output)
	}
	if err == nil {
		header, err = environment.answerHeader()
	}
	if err != nil {
		kind, header, body = 'E', failure(err), nil
	}
	if send(kind, header, body) != nil {
		os.Exit(70)
	}
}

// isAsynchronous without reading the whole header: inside a string the quotes would be escaped.
func isAsynchronous(header []byte) bool {
	for {
		_, behind, found := bytes.Cut(header, []byte(`"asynchronous":`))
		if !found {
			return false
		}
		if bytes.HasPrefix(bytes.TrimLeft(behind, " "), []byte("true")) {
			return true
		}
		header = behind
	}
}

// panicked is what a panic becomes.
type panicked struct {
	message, trace string
}

func (panicked panicked) Error() string { return panicked.message }

func call(function handler, input []byte, environment *Environment) (output any, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = panicked{fmt.Sprint(reason), string(debug.Stack())}
		}
	}()
	return function(input, environment)
}

func failure(err error) []byte {
	said := map[string]string{"type": fmt.Sprintf("%T", err), "message": err.Error(), "trace": ""}
	if panicked, is := err.(panicked); is {
		said["type"], said["trace"] = "panic", panicked.trace
	}
	if !utf8.ValidString(said["message"]) {
		said["message"] = strings.ToValidUTF8(said["message"], "\ufffd")
	}
	header, _ := json.Marshal(said)
	return header
}

// send writes one frame; what was printed is out before it, since Go does not keep it back.
func send(kind byte, header, body []byte) error {
	frame := make([]byte, 9, 9+len(header)+len(body))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], uint32(len(header)))
	binary.BigEndian.PutUint32(frame[5:], uint32(len(body)))
	_, err := descriptor(4).Write(append(append(frame, header...), body...))
	return err
}
