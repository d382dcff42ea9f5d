package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestWindowsBuilds compiles for Windows what kiosk.exe and kioskctl.exe are made of, but the windows themselves, which
// need a C compiler for Windows: `make windows` builds those.
func TestWindowsBuilds(t *testing.T) {
	out := forWindows(t, "1", "list", "-deps", "-json=ImportPath,Deps", "./cmd/kiosk", "./cmd/kioskctl")
	var ours, drawn []string
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("reading go list: %v", err)
		}
		switch {
		case !strings.HasPrefix(p.ImportPath, "balcao/"):
		case slices.ContainsFunc(p.Deps, func(d string) bool { return strings.HasPrefix(d, "fyne.io/") }):
			drawn = append(drawn, p.ImportPath)
		default:
			ours = append(ours, p.ImportPath)
		}
	}
	if !slices.Contains(ours, "balcao/cardreader") || !slices.Contains(ours, "balcao/cmd/kioskctl") || !slices.Contains(drawn, "balcao/cmd/kiosk") {
		t.Fatalf("compiling %v and leaving %v out: these are not the programs", ours, drawn)
	}
	forWindows(t, "0", append([]string{"build"}, ours...)...)
}

// forWindows runs the go command on the whole repository as for Windows, with or without C.
func forWindows(t *testing.T, cgo string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = ".."
	var said bytes.Buffer
	cmd.Env, cmd.Stderr = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED="+cgo,
		"GOFLAGS=-buildvcs=false -trimpath -tags=no_animations,migrated_fynedo"), &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s for Windows: %v\n%s", args[0], err, &said)
	}
	return out
}
