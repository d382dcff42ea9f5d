package attack_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The threat table names tests that are there, and all of this package.
func TestThreatTable(t *testing.T) {
	const root = "../../.."
	table, err := os.ReadFile(filepath.Join(root, "assets/doc/threats.md"))
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]string{} // folder of each test
	declaration := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	err = filepath.WalkDir(filepath.Join(root, "kiosk"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declaration.FindAllSubmatch(text, -1) {
			folder, _ := filepath.Rel(root, filepath.Dir(path))
			declared[string(m[1])+" "+folder] = folder
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const here = "kiosk/kiosktest/attack"
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`(Test\\w+)`(?: \\(`([a-z/]+)`\\))?").FindAllSubmatch(table, -1) {
		folder := string(m[2])
		if folder == "" {
			folder = here
		}
		name := string(m[1]) + " " + folder
		if named[name] = true; declared[name] == "" {
			t.Errorf("the threat table names %s in %s, which is not there", m[1], folder)
		}
	}
	for name, folder := range declared {
		if folder == here && !named[name] && !strings.HasPrefix(name, "TestThreatTable ") {
			t.Errorf("the threat table does not name %s", name)
		}
	}
}
