// Package shortedfaas makes a program of functions for ShortedFaaS.
//
//	package main
//
//	import "github.com/shortedfaas/shortedfaas/launchers/go/shortedfaas"
//
//	func lambda(input string, environment *shortedfaas.Environment) (string, error) {
//		return "Hello, " + input + "!\n", nil
//	}
//
// That is a whole file: `shortedfaas build FOLDER` adds a main that serves the function which run.json's handler names.
// A program with several functions has its own: func main() { shortedfaas.Serve(shortedfaas.Functions{"resize": resize}) }.
package shortedfaas

import (
	"encoding/json"
	"fmt"
	"reflect"
	"unicode/utf8"
)

// Functions are what a program can be called for, by name. A function takes string or []byte, then *Environment, and
// returns an output, an output and an error, an error, or nothing. Outputs: string and []byte as they are, nil, and
// everything else as JSON.
type Functions map[string]any

type handler func(input []byte, environment *Environment) (output any, err error)

var (
	textType        = reflect.TypeOf("")
	bytesType       = reflect.TypeOf([]byte(nil))
	environmentType = reflect.TypeOf((*Environment)(nil))
	errorType       = reflect.TypeOf((*error)(nil)).Elem()
)

// handlerOf says what is wrong with a function, or makes it callable.
func handlerOf(name string, function any) (handler, error) {
	switch function := function.(type) {
	case func(string, *Environment) (string, error):
		return func(input []byte, environment *Environment) (any, error) {
			return function(string(input), environment)
		}, nil
	case func([]byte, *Environment) ([]byte, error):
		return func(input []byte, environment *Environment) (any, error) { return function(input, environment) }, nil
	}
	kind := reflect.TypeOf(function)
	if kind == nil || kind.Kind() != reflect.Func {
		return nil, fmt.Errorf("the handler `%s` is no function but %T", name, function)
	}
	takes := kind.NumIn() == 2 && (kind.In(0) == textType || kind.In(0) == bytesType) && kind.In(1) == environmentType
	returns := kind.NumOut() < 2 || kind.NumOut() == 2 && kind.Out(1) == errorType
	if !takes || !returns {
		return nil, fmt.Errorf("the handler `%s` is %v: it must take string or []byte, then *shortedfaas.Environment, and return at most an output and an error", name, kind)
	}
	value := reflect.ValueOf(function)
	return func(input []byte, environment *Environment) (any, error) {
		given := reflect.ValueOf(input)
		if kind.In(0) == textType {
			given = reflect.ValueOf(string(input))
		}
		var output any
		for _, answer := range value.Call([]reflect.Value{given, reflect.ValueOf(environment)}) {
			if answer.Type() != errorType {
				output = answer.Interface()
			} else if !answer.IsNil() {
				return nil, answer.Interface().(error)
			}
		}
		return output, nil
	}, nil
}

// encode gives the frame's type and body for an output.
func encode(output any) (byte, []byte, error) {
	switch output := output.(type) {
	case nil:
		return 'T', nil, nil
	case string:
		if !utf8.ValidString(output) {
			return 'O', []byte(output), nil
		}
		return 'T', []byte(output), nil
	case []byte:
		return 'O', output, nil
	}
	body, err := json.Marshal(output)
	if err != nil {
		return 0, nil, fmt.Errorf("the output cannot be encoded as JSON: %w", err)
	}
	return 'J', body, nil
}
