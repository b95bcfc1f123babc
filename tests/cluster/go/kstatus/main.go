// kstatus prints what the library of that name, which Flux uses, makes of objects.
//
//	kstatus FILE...       a line per object: STATUS, then the file's name with that of its kind
//	... | kstatus         a line per object of stdin (YAML documents or JSON): STATUS, KIND/NAME, and the message
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(files []string) error {
	if len(files) == 0 {
		return each(os.Stdin, func(object *unstructured.Unstructured, result *status.Result) {
			fmt.Printf("%s %s/%s %s\n", result.Status, object.GetKind(), object.GetName(), result.Message)
		})
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		err = each(file, func(object *unstructured.Unstructured, result *status.Result) {
			fmt.Printf("%s %s/%s\n", result.Status, object.GetKind(), filepath.Base(name))
		})
		file.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// each calls say with every object of a stream and what is computed of it.
func each(stream io.Reader, say func(*unstructured.Unstructured, *status.Result)) error {
	decoder := yaml.NewYAMLOrJSONDecoder(stream, 4096)
	for {
		var text json.RawMessage
		if err := decoder.Decode(&text); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(text); err != nil {
			return err
		}
		result, err := status.Compute(object)
		if err != nil {
			return err
		}
		say(object, result)
	}
}
