package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/kiosktest"
	"balcao/mock-pcsc/inbox"
)

// asRegistrar has the test's own binary be the registrar, so that a process can be killed.
const asRegistrar = "BALCAO_TEST_REGISTRAR"

// process starts a registrar of its own and returns when it is ready.
func process(t *testing.T, config string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-config", config)
	cmd.Env = append(os.Environ(), asRegistrar+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	return cmd
}

// Registrars are killed with SIGKILL while two of them send codes; what they began is finished, each code
// with the digits it began with, and each job once.
func TestKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	office := kiosktest.NewOffice(t)
	office.OpenCentre(ctx, t)
	shift := office.SignIn(ctx, t, office.Centre).ID
	phones := inbox.New(1000)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = inbox.NewCentre("balcao", "balcao", phones).Serve(ctx, l) }()
	// Two registrars with the same keys, and of each the one that starts again in its place.
	first := centre(t, office.DB.Registrar(), "workers = 2\nname = \"r0\"")
	text, err := os.ReadFile(filepath.Clean(first))
	if err != nil {
		t.Fatal(err)
	}
	registrars := make([]*exec.Cmd, 2)
	configs := make([]string, len(registrars))
	for i := range registrars {
		configs[i] = filepath.Join(filepath.Dir(first), fmt.Sprintf("r%d.toml", i))
		own := strings.Replace(string(text), "127.0.0.1:1", l.Addr().String(), 1) // of [sms]
		own = strings.Replace(own, `"r0"`, fmt.Sprintf(`"r%d"`, i), 1)
		if err := os.WriteFile(configs[i], []byte(own), 0o600); err != nil {
			t.Fatal(err)
		}
		registrars[i] = process(t, configs[i])
	}
	const people = 24
	for n := 1; n <= people; n++ {
		id := uuid.Must(uuid.NewV7())
		who := central.Person{Shift: shift, Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: fmt.Sprintf("99%06d", n)}
		if _, err := office.Centre.Open(ctx, id, who); err != nil {
			t.Fatal(err)
		}
		s, err := office.Centre.SendCode(ctx, id, central.CodeRequest{
			ID: uuid.Must(uuid.NewV7()), Channel: kiosk.SMS, Value: fmt.Sprintf("+35191%07d", n), Language: kiosk.English,
		})
		if err != nil || s.Refusal != "" {
			t.Fatalf("asking for a code: %q, %v", s.Refusal, err)
		}
		if n == people/3 || n == 2*people/3 {
			killed := n * 2 / people // the first, then the second
			if err := registrars[killed].Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = registrars[killed].Wait()
			registrars[killed] = process(t, configs[killed])
		}
	}
	for done := 0; done < people; {
		const sql = `select count(*) from centre.job j join centre.one_time_code c on c.id = j.code
			where j.state = 'done' and c.delivery <> 'queued' and c.mac is not null`
		if err := office.Admin.QueryRow(ctx, sql).Scan(&done); err != nil {
			t.Fatalf("%d of %d codes were sent: %v", done, people, err)
		}
		if done < people {
			time.Sleep(20 * time.Millisecond) // the database tells nobody but the desk
		}
	}
	for n := 1; n <= people; n++ {
		messages, err := phones.Wait(ctx, inbox.Filter{To: fmt.Sprintf("+35191%07d", n)})
		if err != nil || len(messages) == 0 {
			t.Fatalf("phone %d has no message: %v", n, err)
		}
		for _, m := range messages {
			if m.Text != messages[0].Text {
				t.Errorf("phone %d got another code the second time", n)
			}
		}
	}
}
