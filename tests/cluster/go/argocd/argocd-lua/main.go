// argocd-lua runs health checks and actions of an argocd-cm in Argo CD's own Lua engine, which is as strict there as in Argo CD.
//
//	argocd-lua CONFIGMAP test FOLDER         the tests of a folder in the layout of upstream's resource_customizations/GROUP/KIND
//	argocd-lua CONFIGMAP health              the health of the object on stdin: STATUS and message
//	argocd-lua CONFIGMAP actions             names of the actions that are not disabled for the object on stdin
//	argocd-lua CONFIGMAP action NAME [K=V]   what the action makes of the object on stdin: {operation, resource} in JSON, a line each
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/argoproj/argo-cd/v3/pkg/apiclient/application"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: argocd-lua CONFIGMAP test FOLDER | health | actions | action NAME [KEY=VALUE]")
	}
	vm, err := engine(args[0])
	if err != nil {
		return err
	}
	verb, rest := args[1], args[2:]
	if verb == "test" && len(rest) == 1 {
		return test(vm, rest[0])
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	object, err := parse(text)
	if err != nil {
		return err
	}
	switch {
	case verb == "health" && len(rest) == 0:
		health, err := healthOf(vm, object)
		if err == nil {
			fmt.Println(health.Status, health.Message)
		}
		return err
	case verb == "actions" && len(rest) == 0:
		actions, err := actionsOf(vm, object)
		for _, action := range actions {
			if !action.Disabled {
				fmt.Println(action.Name)
			}
		}
		return err
	case verb == "action" && len(rest) > 0:
		made, err := act(vm, object, rest[0], rest[1:])
		if err != nil {
			return err
		}
		for _, one := range made {
			line, err := json.Marshal(one)
			if err != nil {
				return err
			}
			fmt.Println(string(line))
		}
		return nil
	}
	return fmt.Errorf("there is no %q with %d arguments", verb, len(rest))
}

// engine reads the keys resource.customizations.* of an argocd-cm, as Argo CD's settings do.
func engine(path string) (lua.VM, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return lua.VM{}, err
	}
	config := struct{ Data map[string]string }{}
	if err := yaml.Unmarshal(text, &config); err != nil {
		return lua.VM{}, fmt.Errorf("%s: %w", path, err)
	}
	overrides := map[string]v1alpha1.ResourceOverride{}
	for key, value := range config.Data {
		parts := strings.SplitN(strings.TrimPrefix(key, "resource.customizations."), ".", 2)
		if len(parts) != 2 || !strings.HasPrefix(key, "resource.customizations.") {
			continue
		}
		kind := strings.Replace(parts[1], "_", "/", 1)
		override := overrides[kind]
		switch parts[0] {
		case "health":
			override.HealthLua = value
		case "actions":
			override.Actions = value
		default:
			return lua.VM{}, fmt.Errorf("%s: %s: unknown customization", path, key)
		}
		overrides[kind] = override
	}
	return lua.VM{ResourceOverrides: overrides}, nil
}

func parse(text []byte) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	text, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	return object, object.UnmarshalJSON(text)
}

type health struct{ Status, Message string }

func healthOf(vm lua.VM, object *unstructured.Unstructured) (health, error) {
	script, _, err := vm.GetHealthScript(object)
	if err != nil {
		return health{}, err
	}
	if script == "" {
		return health{}, fmt.Errorf("there is no health check for %s", object.GroupVersionKind())
	}
	found, err := vm.ExecuteHealthLua(object, script)
	if err != nil {
		return health{}, err
	}
	return health{string(found.Status), found.Message}, nil
}

func actionsOf(vm lua.VM, object *unstructured.Unstructured) ([]v1alpha1.ResourceAction, error) {
	scripts, err := vm.GetResourceActionDiscovery(object)
	if err != nil {
		return nil, err
	}
	actions, err := vm.ExecuteResourceActionDiscovery(object, scripts)
	sort.Slice(actions, func(i, j int) bool { return actions[i].Name < actions[j].Name })
	return actions, err
}

func act(vm lua.VM, object *unstructured.Unstructured, name string, pairs []string) ([]lua.ImpactedResource, error) {
	action, err := vm.GetResourceAction(object, name)
	if err != nil {
		return nil, err
	}
	parameters := []*application.ResourceActionParameters{}
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		parameters = append(parameters, &application.ResourceActionParameters{Name: &key, Value: &value})
	}
	return vm.ExecuteResourceAction(object, action.ActionLua, parameters)
}
