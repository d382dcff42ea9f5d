// Package deb_test builds the packages, judges them, and installs, upgrades, removes and purges them in an empty Debian.
package deb_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

var packages = []string{"balcao-centre", "balcao-desk", "balcao-login", "balcao-bench"}

// programs is the folder with the built programs.
func programs(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("BALCAO_BIN")
	if folder == "" {
		folder, _ = filepath.Abs("../../../build/bin")
		for _, name := range []string{"kiosk", "kioskctl", "centre", "registrar", "login", "balcao-setup"} {
			if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
				t.Skip("the programs are not built: make build")
			}
		}
	}
	return folder
}

// build packs the programs into a folder: some packages, or all.
func build(from, version string, packages []string, environment ...string) (folder string, err error) {
	folder, err = os.MkdirTemp("", "balcao-deb-")
	if err != nil {
		return "", err
	}
	command := exec.Command("./build", append([]string{from, folder}, packages...)...)
	command.Env = append(append(os.Environ(), "VERSION="+version), environment...)
	if !*long { // nothing is squeezed that is unpacked again at once
		command.Env = append(command.Env, "LEVEL=0")
	}
	out, err := command.CombinedOutput()
	if err != nil {
		os.Stderr.Write(out)
	}
	return folder, err
}

const version = "1.0"

var once = struct {
	sync.Mutex
	folder string
}{}

// built is the folder with the packages of version 1.0.
func built(t *testing.T) string {
	t.Helper()
	from := programs(t)
	once.Lock()
	defer once.Unlock()
	if once.folder == "" {
		folder, err := build(from, version, packages)
		if err != nil {
			t.Fatal(err)
		}
		once.folder = folder
	}
	return once.folder
}

func file(folder, name, version string) string {
	return filepath.Join(folder, name+"_"+version+"_amd64.deb")
}

func TestTwoBuildsAreTheSame(t *testing.T) {
	first := built(t)
	// Another folder, time zone, language and umask, as somebody else would build.
	elsewhere := filepath.Join(t.TempDir(), "somewhere else")
	output(t, exec.Command("cp", "-R", "--no-preserve=timestamps", programs(t), elsewhere))
	output(t, exec.Command("chmod", "-R", "go=", elsewhere))
	second, err := build(elsewhere, version, packages, "TZ=Pacific/Auckland", "LANG=pt_PT.UTF-8", "HOME="+os.Getenv("HOME"))
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(second)
	for _, name := range packages {
		output(t, exec.Command("cmp", file(first, name, version), file(second, name, version)))
	}
}

func TestLintian(t *testing.T) {
	// Root has to be told that it may, and tags are printed for all that is not ignored. Words misspelt in a program are no error,
	// and take as long to look for as all the rest.
	arguments := []string{"--allow-root", "--fail-on", "error", "--tag-display-limit", "0", "--dont-check-part", "binaries/spelling"}
	for _, name := range packages {
		arguments = append(arguments, file(built(t), name, version))
	}
	t.Log(output(t, exec.Command("lintian", arguments...)))
}

// exposed is how systemd judges a unit: 0 nothing, 10 everything.
func exposed(t *testing.T, unit string) error {
	t.Helper()
	out, err := exec.Command("systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=20", unit).CombinedOutput()
	t.Logf("%s", out[strings.LastIndex(strings.TrimSpace(string(out)), "\n")+1:])
	return err
}

func TestUnitsAreHardened(t *testing.T) {
	var units []string
	for _, pattern := range []string{"*/*.service", "../*/*.service"} {
		found, _ := filepath.Glob(pattern)
		units = append(units, found...)
	}
	if len(units) < 5 {
		t.Fatalf("only %q are found", units)
	}
	for _, unit := range units {
		if err := exposed(t, unit); err != nil {
			t.Errorf("%s: more than 2.0: %v", unit, err)
		}
	}
	text, err := os.ReadFile("centre/balcao-centre.service")
	if err != nil {
		t.Fatal(err)
	}
	soft := filepath.Join(t.TempDir(), "soft.service")
	if err := os.WriteFile(soft, regexp.MustCompile(`(?m)^(Protect|Restrict|SystemCall).*\n`).ReplaceAll(text, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	if exposed(t, soft) == nil {
		t.Error("a unit without its protections passes")
	}
}

func TestManual(t *testing.T) {
	folder := built(t)
	for _, name := range packages {
		root := t.TempDir()
		output(t, exec.Command("sh", "-ec", `dpkg-deb --fsys-tarfile "$1" | tar -C "$2" -x --wildcards "*.gz"`, "sh", file(folder, name, version), root))
		var pages []string
		for _, pattern := range []string{"usr/share/man/man*/*.gz", "usr/lib/balcao/*/*.[18].gz"} {
			found, _ := filepath.Glob(filepath.Join(root, pattern))
			pages = append(pages, found...)
		}
		if len(pages) < 2 {
			t.Errorf("%s has no manual: %q", name, pages)
		}
		for _, page := range pages {
			command := exec.Command("man", "--warnings", "--encoding=UTF-8", "--local-file", page)
			command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANROFFSEQ=", "MANWIDTH=100", "MANPAGER=cat")
			text := output(t, command)
			if strings.Contains(text, "warning:") || strings.Contains(text, "error:") {
				t.Errorf("%s: %s", filepath.Base(page), text)
			}
			if strings.Count(text, "\n") < 12 || strings.Contains(text, "no command") || strings.Contains(text, "not found") {
				t.Errorf("%s says too little, or a program's complaint:\n%s", filepath.Base(page), text)
			}
		}
	}
	manual, source := read(t, "man/kioskctl.1"), commands(t)
	for _, name := range source {
		if !strings.Contains(manual, "@kioskctl "+name+" --help@") {
			t.Errorf("kioskctl.1 does not tell of kioskctl %s", name)
		}
	}
}

// commands are those that kioskctl's source has.
func commands(t *testing.T) (names []string) {
	t.Helper()
	for _, found := range regexp.MustCompile(`"([a-z]+)": (?:run|func)`).FindAllStringSubmatch(read(t, "../../../cmd/kioskctl/main.go"), -1) {
		names = append(names, found[1])
	}
	if len(names) < 10 {
		t.Fatalf("kioskctl's commands are written in another way than this test reads them: %q", names)
	}
	slices.Sort(names)
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCompletion(t *testing.T) {
	bin := programs(t)
	complete := func(words ...string) []string {
		command := exec.Command("bash", append([]string{"-c", `
			. ./kioskctl.bash
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
			_kioskctl; printf '%s\n' "${COMPREPLY[@]}"`, "bash", "kioskctl"}, words...)...)
		command.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
		found := strings.Fields(output(t, command))
		slices.Sort(found)
		return found
	}
	got, want := complete(""), commands(t)
	if !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	if got := complete("tr"); !slices.Equal(got, []string{"trust"}) {
		t.Errorf("tr: got %q", got)
	}
	for command, least := range map[string]int{"db": 11, "desk": 6, "staff": 6, "trust": 3, "log": 3, "evidence": 3, "alerts": 3} {
		second := complete(command, "")
		if len(second) < least {
			t.Errorf("kioskctl %s: got %q, want %d", command, second, least)
		}
		for _, name := range second {
			out, _ := exec.Command(filepath.Join(bin, "kioskctl"), command, name, "--help").CombinedOutput()
			if strings.Contains(string(out), "no command") {
				t.Errorf("kioskctl %s has no %s", command, name)
			}
		}
	}
	if got := complete("support", "--"); !slices.Contains(got, "--lines") {
		t.Errorf("support --: got %q", got)
	}
}
