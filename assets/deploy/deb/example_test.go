package deb_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// An example has every key that its program knows, and is accepted as it is. With what it shows behind "#" too the program
// may miss a file, but no key may be unknown to it.
func TestExamples(t *testing.T) {
	bin := programs(t)
	etc := filepath.Join(t.TempDir(), "balcao")
	recipient := strings.TrimSpace(regexp.MustCompile(`age1\w+`).FindString(
		output(t, exec.Command(filepath.Join(bin, "registrar"), "keygen", filepath.Join(etc, "keys"), "balcao.example.pt/log"))))
	for _, name := range []string{"centre", "desk-ca", "staff-ca", "service-ca", "server-ca", "balcao-07", "balcao_centre", "registrar-1", "balcao_login", "login"} {
		path := filepath.Join(etc, name)
		output(t, exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
			"-subj", "/CN="+name, "-keyout", path+".key", "-out", path+".crt"))
	}
	output(t, exec.Command(filepath.Join(bin, "kioskctl"), "trust", "import", "--dir", filepath.Join(etc, "trust"), filepath.Join(etc, "service-ca.crt")))
	output(t, exec.Command(filepath.Join(bin, "kioskctl"), "client", "key", filepath.Join(etc, "signing")))
	output(t, exec.Command("sh", "-ec", `cd "$1"; cp keys/*.pub .; head -c 32 /dev/urandom >keys/subjects; chmod 600 keys/subjects; printf secret > smpp-password; chmod 600 *.key smpp-password`, "sh", etc))

	for _, example := range []struct{ path, program, source string }{
		{"centre/centre.toml", "centre", "centre"}, {"centre/registrar.toml", "registrar", "registrar"}, {"desk/kiosk.toml", "kiosk", "kiosk"},
		{"login/login.toml", "login", "login"},
	} {
		t.Run(example.program, func(t *testing.T) {
			text := read(t, example.path)
			for _, key := range keys(t, example.source) {
				if !regexp.MustCompile(`(?m)^#?` + key + ` = `).MatchString(text) {
					t.Errorf("%s does not show %s", example.path, key)
				}
			}
			text = strings.NewReplacer("/etc/balcao", etc, "age1…", recipient).Replace(text)
			if said, err := judged(t, bin, example.program, etc, text); err != nil {
				t.Errorf("refused: %v\n%s", err, said)
			}
			all := regexp.MustCompile(`(?m)^#(\[|[a-z_]+ = )`).ReplaceAllString(text, "$1")
			said, _ := judged(t, bin, example.program, etc, all)
			if strings.Contains(said, "unknown key") || strings.Contains(said, "reading configuration") {
				t.Errorf("with every key: %s", said)
			}
			if said, err := judged(t, bin, example.program, etc, text+"\nno_such_key = 1\n"); err == nil {
				t.Errorf("a key that nobody knows passes: %s", said)
			}
		})
	}
}

// judged is what a program says of a configuration.
func judged(t *testing.T, bin, program, etc, text string) (string, error) {
	t.Helper()
	path := filepath.Join(etc, "judged.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(filepath.Join(bin, program), "-config", path, "-check-config")
	command.Env = append(os.Environ(), "CREDENTIALS_DIRECTORY="+filepath.Join(etc, "keys"))
	said, err := command.CombinedOutput()
	return string(said), err
}

// keys are those of a program's configuration.
func keys(t *testing.T, program string) (names []string) {
	t.Helper()
	paths, _ := filepath.Glob("../../../cmd/" + program + "/*.go")
	if program == "centre" {
		paths = append(paths, "../../../kiosk/central/door/door.go")
	}
	for _, path := range paths {
		for _, tag := range regexp.MustCompile("`toml:\"([a-z_]+)\"`").FindAllStringSubmatch(read(t, path), -1) {
			if !slices.Contains([]string{"limits", "sms", "mail", "log", "letters", "witnesses"}, tag[1]) {
				names = append(names, tag[1])
			}
		}
	}
	if len(names) < 10 {
		t.Fatalf("%s: only the keys %q are found", program, names)
	}
	return names
}
