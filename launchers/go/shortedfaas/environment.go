package shortedfaas

import (
	"encoding/json"
	"errors"
	"os"
	"time"
)

// Environment is what a function learns of its call, and what else than the output it may answer.
type Environment struct {
	// Code is the HTTP status of the answer: 200, or 202 for an asynchronous call; outside 200..599 the call fails.
	Code int
	// ResponseHeaders are added to the answer: a string, or a []string for a header with several values.
	ResponseHeaders map[string]any

	raw       []byte
	read      *request
	streaming bool
	usual     int
}

type request struct {
	ID           string            `json:"id"`
	Method       string            `json:"method"`
	Path         string            `json:"path"`
	PathInfo     string            `json:"path_info"`
	QueryString  string            `json:"query_string"`
	Query        map[string]string `json:"query"`
	Headers      map[string]string `json:"headers"`
	ContentType  string            `json:"content_type"`
	Accept       string            `json:"accept"`
	Identity     string            `json:"identity"`
	Deadline     int64             `json:"deadline"`
	Asynchronous bool              `json:"asynchronous"`
}

type load struct {
	Function  string            `json:"function"`
	Handler   string            `json:"handler"`
	Variables map[string]string `json:"variables"`
}

// loaded is what the host told at the start.
var loaded load

// request reads the header when somebody asks for the first time.
func (environment *Environment) request() *request {
	if environment.read == nil {
		environment.read = &request{Query: map[string]string{}, Headers: map[string]string{}}
		// The host wrote it.
		_ = json.Unmarshal(environment.raw, environment.read)
	}
	return environment.read
}

// ID of this call, as in X-Invocation-Id.
func (environment *Environment) ID() string { return environment.request().ID }

// Method of the request.
func (environment *Environment) Method() string { return environment.request().Method }

// Path as requested: /f/resize/large.
func (environment *Environment) Path() string { return environment.request().Path }

// PathInfo is what follows the function's name, or empty: /large.
func (environment *Environment) PathInfo() string { return environment.request().PathInfo }

// QueryString as sent, without the question mark.
func (environment *Environment) QueryString() string { return environment.request().QueryString }

// Query has the parameters of the query string, decoded; of several with one name the last.
func (environment *Environment) Query() map[string]string { return environment.request().Query }

// Headers of the request, names in lower case.
func (environment *Environment) Headers() map[string]string { return environment.request().Headers }

// ContentType of the body.
func (environment *Environment) ContentType() string { return environment.request().ContentType }

// Accept is what the caller takes.
func (environment *Environment) Accept() string { return environment.request().Accept }

// Identity of who calls.
func (environment *Environment) Identity() string { return environment.request().Identity }

// Deadline is when the call must have ended.
func (environment *Environment) Deadline() time.Time {
	return time.UnixMilli(environment.request().Deadline)
}

// Asynchronous tells whether nobody waits for the answer.
func (environment *Environment) Asynchronous() bool { return environment.request().Asynchronous }

// Function is the name of the function.
func (environment *Environment) Function() string { return loaded.Function }

// Variables are those that run.json declares; they are in the process's environment too.
func (environment *Environment) Variables() map[string]string { return loaded.Variables }

// SetHeader sets a header of the answer.
func (environment *Environment) SetHeader(name, value string) {
	environment.ResponseHeaders[name] = value
}

// Write sends a piece of the answer now; what the function returns is the last one. Code and headers are fixed then.
func (environment *Environment) Write(piece []byte) (int, error) {
	header, err := environment.answerHeader()
	if err != nil {
		return 0, err
	}
	environment.streaming = true
	if send('C', header, piece) != nil {
		os.Exit(70)
	}
	return len(piece), nil
}

// answerHeader is empty where the function has set nothing, or where it has been sent.
func (environment *Environment) answerHeader() ([]byte, error) {
	header := map[string]any{}
	if environment.Code != environment.usual {
		header["code"] = environment.Code
	}
	if len(environment.ResponseHeaders) > 0 {
		header["headers"] = environment.ResponseHeaders
	}
	for name, value := range environment.ResponseHeaders {
		switch value.(type) {
		case string, []string:
		default:
			return nil, errors.New("the response header `" + name + "` is neither string nor []string")
		}
	}
	if len(header) == 0 || environment.streaming {
		return nil, nil
	}
	return json.Marshal(header)
}
