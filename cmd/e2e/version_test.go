package e2e

import (
	"os/exec"
	"path"
	"strings"
	"testing"
)

// TestVersion: whoever reports a fault can say which program it was.
func TestVersion(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`, "../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	programs := strings.Fields(string(out))
	if len(programs) == 0 {
		t.Fatal("go list found no program")
	}
	for _, p := range programs {
		name := path.Base(p)
		said, err := exec.Command(bin(t, name), "-version").Output()
		words := strings.Fields(string(said))
		if err != nil || len(words) != 2 || words[0] != name || words[1] == "unknown" {
			t.Errorf("%s -version: got %q, %v; want its name and what it was built from", name, said, err)
		}
	}
}
