package deb_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// systemctl stands in for systemd's, which does nothing in a chroot: it runs what a unit says as the user that the unit says,
// with copies of its credentials. The desk's session runs on the test's own screen.
const systemctl = `#!/bin/bash
set -eu
verb=$1; shift
for unit; do
  unit=${unit%.service} pid=/run/$unit.pid
  if [ "$unit" = postgresql ]; then pg_ctlcluster 15 main "$verb"; continue; fi
  if [ "$unit" = nginx ]; then nginx -s stop 2>/dev/null && sleep 1; nginx; continue; fi
  file=/lib/systemd/system/$unit.service
  value() { sed -n "s/^$1=//p" "$file"; }
  if [ -e "$pid" ]; then # all that it started too; nobody but the test could wait for it, so "Z" is ended
    kill -- "-$(cat "$pid")"
    while grep -qs '^State:.[^Z]' "/proc/$(cat "$pid")/status"; do sleep 0.1; done
    rm "$pid"
  fi
  [ "$verb" != stop ] || continue
  test -e "$(value ConditionPathExists)"
  user=$(value User) credentials=/run/credentials/$unit program=$(value ExecStart)
  install -d -o "$user" -m 700 "$credentials"
  value LoadCredential | while IFS=: read -r name path; do install -o "$user" -m 400 "$path" "$credentials/$name"; done
  [ "$unit" != balcao-desk ] || program=/usr/lib/balcao/desk/session
  cd /
  HOME=/var/lib/balcao/desk CREDENTIALS_DIRECTORY=$credentials DISPLAY=:77 LIBGL_ALWAYS_SOFTWARE=1 setsid setpriv --reuid "$user" --regid "$user" --init-groups \
    --no-new-privs $program >>/var/log/$unit 2>&1 </dev/null &
  echo $! >"$pid"
done
`

// steps are the lines to be typed under each heading of the document, as one script each.
func steps(t *testing.T) map[string]string {
	t.Helper()
	scripts, heading := map[string]string{}, ""
	for _, paragraph := range strings.Split(read(t, "../../doc/installing.md"), "\n\n") {
		if strings.HasPrefix(paragraph, "## ") {
			heading = strings.TrimPrefix(strings.SplitN(paragraph, "\n", 2)[0], "## ")
		}
		if !strings.HasPrefix(paragraph, "    ") {
			continue
		}
		lines := strings.Split(regexp.MustCompile(`(?m)^    `).ReplaceAllString(strings.TrimSpace(paragraph), ""), "\n")
		if strings.HasPrefix(lines[0], "balcao-setup ") {
			lines = []string{atTerminal(lines[0], lines[1:])}
		}
		scripts[heading] += strings.Join(lines, "\n") + "\n"
	}
	return scripts
}

// atTerminal types the answers at a terminal; each question has to be asked.
func atTerminal(command string, questions []string) string {
	var asked, answers strings.Builder
	for _, line := range questions {
		at := strings.LastIndex(line, ": ")
		asked.WriteString("grep -qF '" + strings.ReplaceAll(line[:at], "'", `'\''`) + "' /tmp/said\n")
		answers.WriteString(strings.TrimSpace(line[at+2:]) + "\n")
	}
	return "sed \"s/age1…/$(cat recipient)/\" <<'END' | script -qec '" + command + "' /tmp/said\n" + answers.String() + "END\n" + asked.String()
}

// The document, word for word: a centre, a desk that reaches it, an update, and what removal leaves.
func TestTheDocument(t *testing.T) {
	say := steps(t)
	for heading, script := range say {
		if out, err := exec.Command("bash", "-nc", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", heading, out)
		}
	}
	if !*long {
		t.Skip("its lines are shell; typing them takes minutes and packages from the network: make deb-test")
	}
	first, second := built(t), upgrades(t)
	certificates := t.TempDir()
	output(t, exec.Command("sh", "-ec", `cd "$1"; mkdir state
		new() { key=$1.key; shift; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -keyout $key "$@"; }
		new state -subj "/CN=State" -outform DER -out state/root.der
		new staff -subj "/CN=Staff" -out staff-ca.crt
		new card -subj "/serialNumber=F0102/CN=Marta Reis" -CA staff-ca.crt -CAkey staff.key -addext basicConstraints=CA:FALSE -out reis.crt
		rm -f *.key; new entrar -subj /CN=entrar.example.pt -addext subjectAltName=DNS:entrar.example.pt -out entrar.crt; (umask 077; printf secret > smpp-password)`, "sh", certificates))

	place := func(c chroot, names ...string) {
		c.run("mkdir -p /root/balcao; chmod 700 /root/balcao; echo 127.0.0.1 localhost centre.example.pt >/etc/hosts")
		for _, name := range names {
			output(t, exec.Command("cp", "-R", name, c.path("root/balcao/")))
		}
		c.write("usr/local/bin/systemctl", systemctl, 0o755)
		c.fetched()
		output(t, exec.Command("cp", "/etc/resolv.conf", c.path("etc/resolv.conf")))
	}
	types := func(c chroot, before string, headings ...string) string {
		t.Helper()
		script := "set -e; cd /root/balcao; " + before + "\n"
		for _, heading := range headings {
			if say[heading] == "" {
				t.Fatalf("the document has no lines under %q", heading)
			}
			script += say[heading]
		}
		// These two say that something is not well: there is no message centre, and no reader.
		script = regexp.MustCompile(`(?m)^kioskctl (status|doctor).*$`).ReplaceAllString(script, "$0 || test $? -le 3")
		said := c.run(script)
		t.Logf("%s:\n%s", strings.Join(headings, ", "), said)
		return said
	}

	centre := newChroot(t)
	place(centre, file(first, "balcao-centre", version), certificates+"/state", certificates+"/staff-ca.crt", certificates+"/reis.crt", certificates+"/smpp-password")
	t.Cleanup(func() {
		t.Logf("the centre's logs:\n%s", centre.run("tail -n 40 /var/log/balcao-* /var/log/postgresql/*"))
	})
	types(centre, "", "Before you begin", "The packages, at the centre")
	said := types(centre, "", "PostgreSQL, at the centre", "Database, certificates and keys, at the centre", "Door and registrar, at the centre")
	if !strings.Contains(said, "centre.example.pt:8443") {
		t.Error("status does not tell of the door")
	}
	centre.run("cd /root/balcao; for i in $(seq 50); do curl=$(exec 3<>/dev/tcp/127.0.0.1/8443 && echo yes) && break; sleep 0.2; done; test yes = \"$curl\"")
	centre.run("grep '^State:.[^Z]' /proc/$(cat /run/balcao-registrar.pid)/status")

	desk := newChroot(t)
	place(desk, file(first, "balcao-desk", version), certificates+"/state", centre.path("root/balcao/recipient"),
		centre.path("root/balcao/balcao-07.crt"), centre.path("root/balcao/balcao-07.key"))
	output(t, exec.Command("cp", centre.path("root/balcao/service-ca/ca.crt"), desk.path("root/balcao/service-ca.crt")))
	screen(t)
	t.Cleanup(func() { t.Logf("the desk's log:\n%s", desk.run("tail -n 40 /var/log/balcao-*")) })
	types(desk, "", "The desk")
	reached := func() {
		t.Helper()
		eventually(t, "the desk shows its windows and speaks with the door", func() error {
			titles, err := exec.Command("xdotool", "search", "--onlyvisible", "--class", ".").CombinedOutput()
			if err != nil || len(strings.Fields(string(titles))) < 1 {
				return errors.Join(errors.New("no window"), err)
			}
			if !regexp.MustCompile(` 0100007F:20FB 01 `).MatchString(read(t, "/proc/net/tcp")) {
				return errors.New("no connection to port 8443 here is open")
			}
			return nil
		})
	}
	reached()
	nothingLeadsOut(t, desk)

	types(centre, "", "The login service, at the centre")
	login := newChroot(t)
	place(login, file(first, "balcao-login", version), centre.path("root/balcao/keys"), centre.path("root/balcao/signing"),
		centre.path("root/balcao/balcao_login.crt"), centre.path("root/balcao/balcao_login.key"), certificates+"/entrar.crt", certificates+"/entrar.key")
	output(t, exec.Command("cp", centre.path("root/balcao/service-ca/ca.crt"), login.path("root/balcao/service-ca.crt")))
	t.Cleanup(func() {
		t.Logf("the login service's log:\n%s", login.run("tail -n 40 /var/log/balcao-* /var/log/nginx/*"))
	})
	types(login, "", "The login service")
	signsIn := func() {
		t.Helper()
		eventually(t, "a service's visitor is asked who they are", asksWho(t, certificates+"/entrar.crt"))
	}
	signsIn()

	types(centre, "", "Put the keys away")
	kept := "cat /etc/balcao/*.toml /etc/balcao/*.key /etc/balcao/keys/* 2>/dev/null | sha256sum; stat -c '%n %a %U' /etc/balcao/* /etc/balcao/keys/*"
	before := centre.run(kept)
	for _, c := range []struct {
		chroot
		name string
	}{{centre, "balcao-centre"}, {desk, "balcao-desk"}, {login, "balcao-login"}} {
		c.run("rm /root/balcao/*.deb")
		output(t, exec.Command("cp", file(second, c.name, later), c.path("root/balcao/")))
	}
	for i, c := range []chroot{centre, desk, login} {
		heading := "Updates, " + strconv.Itoa(i)
		say[heading] = strings.Split(say["Updates"], "cd /root/balcao\n")[1+i]
		types(c, "", heading)
	}
	reached()
	signsIn()
	centre.run("grep '^State:.[^Z]' /proc/$(cat /run/balcao-registrar.pid)/status && kioskctl db check --dsn 'postgres://postgres@/balcao?host=/run/postgresql'")

	desk.run("systemctl stop balcao-desk")
	types(desk, "", "Removal")
	desk.run("test -s /etc/balcao/kiosk.toml -a -s /etc/balcao/balcao-07.key && ! command -v kiosk")
	login.run("systemctl stop balcao-login")
	if asksWho(t, certificates+"/entrar.crt")() == nil {
		t.Error("somebody is asked to sign in at a service that stopped")
	}
	login.run("! grep -r -e client_id -e shop /var/log/nginx")
	say["Removal of the login service"] = strings.ReplaceAll(say["Removal"], "balcao-desk", "balcao-login")
	types(login, "", "Removal of the login service")
	login.run("ls /etc/balcao/signing/*.pem && test -s /etc/balcao/keys/subjects -a -s /etc/balcao/login.toml && ! command -v balcao-login")
	say["Removal of the centre"] = strings.ReplaceAll(say["Removal"], "balcao-desk", "balcao-centre")
	centre.run("systemctl stop balcao-centre balcao-registrar")
	types(centre, "", "Removal of the centre")
	if after := centre.run(kept); after != before {
		t.Errorf("update and purge changed the operator's files:\n%s\nthey were\n%s", after, before)
	}
	centre.run("psql -qAt -U postgres balcao -c 'select 1' && pg_ctlcluster 15 main stop")
}

// asksWho says whether a browser that the document's service sends to sign in, through the proxy, is asked to; and whether its
// form comes back to the same place, which it does only if the proxy says by what name it was called.
func asksWho(t *testing.T, certificate string) func() error {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(read(t, certificate)))
	jar, _ := cookiejar.New(nil)
	browser := http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:443")
		}}}
	return func() error {
		asked := url.Values{"client_id": {"shop"}, "redirect_uri": {"https://shop.example.pt/cb"}, "response_type": {"code"}, "scope": {"openid profile"},
			"state": {"x"}, "code_challenge": {strings.Repeat("x", 43)}, "code_challenge_method": {"S256"}}
		page, at, err := answered(t, &browser, http.MethodGet, "https://entrar.example.pt/authorize?"+asked.Encode(), nil)
		if err == nil && !strings.Contains(page, "Loja") {
			err = errors.New("the page does not name the service")
		}
		if err != nil {
			return fmt.Errorf("%w\n%s", err, page)
		}
		form := url.Values{"identifier": {"+351912345678"}, "pin": {"000000"}}
		for _, field := range regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			form.Add(field[1], html.UnescapeString(field[2]))
		}
		_, _, err = answered(t, &browser, http.MethodPost, at, strings.NewReader(form.Encode()))
		return err
	}
}

// answered is the page that a request leads to, and its address.
func answered(t *testing.T, browser *http.Client, method, address string, form io.Reader) (page, at string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, form)
	if err != nil {
		return "", "", err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://entrar.example.pt")
	}
	answer, err := browser.Do(r)
	if err != nil {
		return "", "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = errors.Join(fmt.Errorf("%s: %s", answer.Request.URL, answer.Status), err)
	}
	return string(text), answer.Request.URL.String(), err
}

// nothingLeadsOut tries what opens, closes or moves something on other desktops.
func nothingLeadsOut(t *testing.T, desk chroot) {
	t.Helper()
	windows := func() string { return output(t, exec.Command("xdotool", "search", "--onlyvisible", "--class", ".")) }
	before, program := windows(), desk.run("cat /run/balcao-desk.pid")
	for _, key := range []string{"alt+F4", "alt+space", "alt+Escape", "super", "super+e", "ctrl+alt+Delete", "ctrl+alt+d", "Menu", "alt+F2", "ctrl+Escape"} {
		output(t, exec.Command("xdotool", "key", key))
	}
	output(t, exec.Command("xdotool", "mousemove", "2550", "1020", "click", "1", "click", "2", "click", "3", "sleep", "1"))
	if after := windows(); after != before {
		t.Errorf("other windows are shown after keys and clicks: %q, before %q", after, before)
	}
	desk.run("grep '^State:.[^Z]' /proc/" + strings.TrimSpace(program) + "/status")
}

// fetched keeps what apt downloads for the next time.
func (c chroot) fetched() {
	c.t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		c.t.Fatal(err)
	}
	kept, archives := filepath.Join(cache, "balcao", "archives"), c.path("var/cache/apt/archives")
	if err := errors.Join(os.MkdirAll(filepath.Join(kept, "partial"), 0o755), syscall.Mount(kept, archives, "", syscall.MS_BIND, "")); err != nil {
		c.t.Fatal(err)
	}
}

// screen is an X server, as big as a desk's two monitors.
func screen(t *testing.T) {
	t.Helper()
	x := exec.Command("Xvfb", ":77", "-ac", "-screen", "0", "2560x1024x24", "-nolisten", "tcp")
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Process.Kill(); _ = x.Wait() })
	t.Setenv("DISPLAY", ":77")
}

// eventually waits a minute for something that another program does.
func eventually(t *testing.T, what string, done func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if err = done(); err == nil {
			return
		}
	}
	t.Errorf("%s: %v", what, err)
}
