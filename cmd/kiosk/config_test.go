package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"balcao/cardreader"
	"balcao/kiosk/central/deskca"
	"balcao/ui/theme"
)

// A key that a desk had once says where the setting went.
func TestLoadConfig_Moved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kiosk.toml")
	const text = "min_age = 18\nmin_aeg = 18\ndesk = \"balcao-07\"\ncentre = \"postgres://balcao-07:secret-word@db.example/balcao\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := loadConfig(path)
	for _, want := range []string{"min_age: the centre sets it", `unknown key "min_aeg"`, "desk: the certificate says which desk", "centre: not of the form https://host"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret-word") {
			t.Errorf("want %q in\n%v", want, err)
		}
	}
}

// The centre is one address or several.
func TestLoadConfig_Centre(t *testing.T) {
	for text, want := range map[string][]string{
		`"https://centre.example"`:                              {"https://centre.example"},
		`["https://a.example:8443", "https://b.example:8443/"]`: {"https://a.example:8443", "https://b.example:8443/"},
		`[]`:                       nil,
		`7`:                        nil,
		`["https://a.example", 7]`: nil,
	} {
		path := filepath.Join(t.TempDir(), "kiosk.toml")
		if err := os.WriteFile(path, []byte("centre = "+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := loadConfig(path)
		said := err != nil && (strings.Contains(err.Error(), "centre: the address is missing") || strings.Contains(err.Error(), "an address is a text"))
		if said != (want == nil) || want != nil && !slices.Equal(c.Centre, want) {
			t.Errorf("%s: got %q and %v", text, c.Centre, err)
		}
	}
}

// What others may read or change is named, all of it, with the cure.
func TestLoadConfig_FilesOpenToOthers(t *testing.T) {
	dir := t.TempDir()
	authority, err := deskca.Create(filepath.Join(dir, "desk-ca"))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Login("balcao-07")
	if err != nil {
		t.Fatal(err)
	}
	certificate, key, err := pair.Write(dir, "balcao-07")
	if err != nil {
		t.Fatal(err)
	}
	path, trust := filepath.Join(dir, "kiosk.toml"), filepath.Join(dir, "trust")
	ca := filepath.Join(dir, "desk-ca", deskca.CertificateFile)
	text := fmt.Sprintf("centre_ca = %q\ncertificate = %q\nkey = %q\ntrust = %q\n", ca, certificate, key, trust)
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Mkdir(trust, 0o700)); err != nil {
		t.Fatal(err)
	}
	const open = "by others"
	if _, err := loadConfig(path); err == nil || strings.Contains(err.Error(), open) { // a name is missing
		t.Errorf("good modes: got %v", err)
	}
	wants := map[string]string{path: "chmod go-w " + path, ca: "centre_ca: ", certificate: "certificate: ", key: "key: ", trust: "trust: "}
	for file := range wants {
		if err := os.Chmod(file, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	_, err = loadConfig(path)
	for file, want := range wants {
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) || strings.Count(err.Error(), open) != len(wants) {
			t.Errorf("want %q and %s in\n%v", want, file, err)
		}
	}
}

// A time that is none, or with which nobody could work, is refused by name.
func TestLoadConfig_IdleAfter(t *testing.T) {
	for value, refused := range map[string]bool{`"10s"`: false, `"15m"`: false, `"9s"`: true, `"2h"`: true, `"-10m"`: true, `"soon"`: true} {
		path := filepath.Join(t.TempDir(), "kiosk.toml")
		if err := os.WriteFile(path, []byte("idle_after = "+value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := loadConfig(path) // which has other things to refuse
		if said := err != nil && (strings.Contains(err.Error(), "idle_after") || strings.Contains(err.Error(), value)); said != refused {
			t.Errorf("%s: refused %v, want %v: %v", value, said, refused, err)
		}
	}
}

// A look is one that there is; without the key both screens are light.
func TestLoadConfig_Look(t *testing.T) {
	for value, want := range map[string]theme.Look{"": theme.Light, `look = "dark"`: theme.Dark, `look = "contrast"`: theme.Contrast, `look = "Dark"`: -1, `look = 2`: -1} {
		path := filepath.Join(t.TempDir(), "kiosk.toml")
		if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := loadConfig(path) // which has other things to refuse
		if refused := strings.Contains(err.Error(), "look"); refused != (want < 0) || !refused && c.look() != want {
			t.Errorf("%s: got look %d and %v", value, c.look(), err)
		}
	}
}

// The staff card's own reader is named by a part of its name, which no space around it can be.
func TestLoadConfig_StaffReader(t *testing.T) {
	for value, refused := range map[string]bool{"Omnikey": false, "": false, " ": true, "Omnikey ": true} {
		path := filepath.Join(t.TempDir(), "kiosk.toml")
		if err := os.WriteFile(path, fmt.Appendf(nil, "staff_reader = %q\n", value), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := loadConfig(path) // which has other things to refuse
		if said := err != nil && strings.Contains(err.Error(), "staff_reader"); said != refused || c.StaffReader != value || !c.settings().ShiftRequired {
			t.Errorf("%q: refused %v, want %v: %v", value, said, refused, err)
		}
	}
}

// What the configuration names is a reader or none, whatever its name; the staff's security key is one.
func TestLoadConfig_Readers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kiosk.toml")
	load := func(text string) (config, error) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return loadConfig(path)
	}
	const key, reader = "Yubico YubiKey OTP+FIDO+CCID 00 00", "OMNIKEY AG CardMan 3121 00 00"
	for _, test := range []struct {
		text        string
		key, reader cardreader.Aside
	}{
		{"", cardreader.AsideKey, ""},
		{`staff_reader = "YubiKey"`, "", ""},
		{`readers = ["yubico"]`, "", ""},
		{"ignore_readers = [\"CardMan\"]\nreaders = [\"Yubi\"]", "", cardreader.AsideIgnored},
		{"ignore_readers = [\"CardMan\"]\nstaff_reader = \"CardMan 3121\"", cardreader.AsideKey, ""},
	} {
		c, err := load(test.text)
		if strings.Contains(text(err), "reader") || c.choice().Aside(key) != test.key || c.choice().Aside(reader) != test.reader {
			t.Errorf("%s: got %q and %q, %v", test.text, c.choice().Aside(key), c.choice().Aside(reader), err)
		}
	}
	if _, err := load(`readers = [" "]`); err == nil || !strings.Contains(err.Error(), "one is empty") {
		t.Errorf("an empty part: got %v", err)
	}
}
