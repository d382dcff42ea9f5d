package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"balcao/kiosk/kiosktest"
	"balcao/kiosk/registrar"
)

// Each letter is printed once, with the code that its key is activated with; one that cannot be set keeps none of the others
// from being printed, and stays in the queue.
func TestLetters(t *testing.T) {
	office := kiosktest.NewOffice(t)
	office.OpenCentre(t.Context(), t)
	config := centre(t, office.DB.Registrar(), "")
	for n, name := range []string{"ঢাকা", "Maria Antónia"} { // the first one's script cannot be shaped
		_, err := office.Admin.Exec(t.Context(), fmt.Sprintf(`set session_replication_role = replica;
			insert into centre.key (register, person, state, level, pin_hash, valid_until, enrolment) overriding system value
				values (%[1]d, %[1]d, 'pending', 'high', '$argon2id', '2099-01-01', gen_random_uuid());
			insert into centre.activation (id, enrolment, key, channel, value, language, made_at, code_key, mac)
				values ('00000000-0000-7000-8000-00000000000%[1]d', gen_random_uuid(), %[1]d, 'letter', '', 'pt', clock_timestamp(), '\x00', '\x00');
			insert into centre.letter (activation, key, made_at, address) values ('00000000-0000-7000-8000-00000000000%[1]d', %[1]d, clock_timestamp(),
				'{"name": "%[2]s", "lines": ["Rua da Prata 1"], "postcode": "1100-001", "town": "Lisboa", "country": "PRT"}');
			reset session_replication_role`, n+1, name))
		if err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	for i, printed := range []int{1, 0} {
		code, stdout, stderr := try(t, "letters", "-config", config, "print", "-to", folder)
		if code == 0 || !strings.Contains(stderr, "000000000001") || !strings.Contains(stdout, fmt.Sprintf("Letters printed: %d\n", printed)) {
			t.Errorf("printing %d: %d, %q, %q", i, code, stdout, stderr)
		}
	}
	if _, stdout, _ := try(t, "letters", "-config", config, "list"); !strings.Contains(stdout, "000000000001") || strings.Contains(stdout, "000000000002") {
		t.Errorf("the queue: %q", stdout)
	}
	files, err := filepath.Glob(folder + "/*")
	if err != nil || len(files) != 1 {
		t.Fatalf("printed %v, %v", files, err)
	}
	text, err := exec.Command("pdftotext", "-layout", files[0], "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	pepper, err := os.ReadFile(filepath.Join(filepath.Dir(config), "keys", pepperFile))
	if err != nil {
		t.Fatal(err)
	}
	want, err := registrar.ActivationCode(pepper, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "Maria Antónia") || !strings.Contains(string(text), string(want)) {
		t.Errorf("the letter has not %s:\n%s", want, text)
	}
}
