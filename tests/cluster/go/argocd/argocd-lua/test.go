package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
)

// healthTests is upstream's health_test.yaml.
type healthTests struct {
	Tests []struct {
		InputPath    string `json:"inputPath"`
		HealthStatus health `json:"healthStatus"`
	} `json:"tests"`
}

// actionTests is upstream's action_test.yaml. The objects that an action creates stand in expectedOutputPath, as a list.
type actionTests struct {
	DiscoveryTests []struct {
		InputPath string                    `json:"inputPath"`
		Result    []v1alpha1.ResourceAction `json:"result"`
	} `json:"discoveryTests"`
	ActionTests []struct {
		Action             string            `json:"action"`
		InputPath          string            `json:"inputPath"`
		Parameters         map[string]string `json:"parameters"`
		ExpectedOutputPath string            `json:"expectedOutputPath"`
	} `json:"actionTests"`
}

func test(vm lua.VM, folder string) error {
	failures, count, tested := []error{}, 0, map[string]bool{}
	check := func(what string, err error) {
		count++
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", what, err))
		}
	}
	object := func(path string) (*unstructured.Unstructured, error) {
		tested[path] = true
		text, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return nil, err
		}
		return parse(text)
	}

	healths := healthTests{}
	if err := read(filepath.Join(folder, "health_test.yaml"), &healths); err != nil {
		return err
	}
	for _, t := range healths.Tests {
		check(t.InputPath, func() error {
			input, err := object(t.InputPath)
			if err != nil {
				return err
			}
			found, err := healthOf(vm, input)
			return same(found, t.HealthStatus, err)
		}())
	}
	// A recorded object without a test would be an object that nobody looks at.
	recorded, err := filepath.Glob(filepath.Join(folder, "testdata", "*.yaml"))
	if err != nil {
		return err
	}
	for _, path := range recorded {
		if name := "testdata/" + filepath.Base(path); !tested[name] {
			check(name, errors.New("it is not in health_test.yaml"))
		}
	}

	actions := actionTests{}
	if err := read(filepath.Join(folder, "actions", "action_test.yaml"), &actions); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, t := range actions.DiscoveryTests {
		check("actions of "+t.InputPath, func() error {
			input, err := object(t.InputPath)
			if err != nil {
				return err
			}
			found, err := actionsOf(vm, input)
			return same(found, t.Result, err)
		}())
	}
	for _, t := range actions.ActionTests {
		check(t.Action+" on "+t.InputPath, func() error {
			input, err := object(t.InputPath)
			if err != nil {
				return err
			}
			pairs := []string{}
			for key, value := range t.Parameters {
				pairs = append(pairs, key+"="+value)
			}
			made, err := act(vm, input, t.Action, pairs)
			if err != nil {
				return err
			}
			expected := []map[string]any{}
			if err := read(filepath.Join(folder, "actions", t.ExpectedOutputPath), &expected); err != nil {
				return err
			}
			found := []map[string]any{}
			for _, one := range made {
				found = append(found, map[string]any{"operation": string(one.K8SOperation), "resource": one.UnstructuredObj.Object})
			}
			return same(found, expected, nil)
		}())
	}
	if count == 0 {
		return fmt.Errorf("%s: no tests", folder)
	}
	fmt.Printf("%s: %d tests, %d failed\n", folder, count, len(failures))
	return errors.Join(failures...)
}

func read(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return yaml.UnmarshalStrict(text, into)
}

func same[T any](found, expected T, err error) error {
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(found, expected) {
		is, _ := yaml.Marshal(found)
		should, _ := yaml.Marshal(expected)
		return fmt.Errorf("is\n%sshould be\n%s", is, should)
	}
	return nil
}
