package deb_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const later = "2.0"

// upgrades are the packages under a later version, with the same programs: only what dpkg is told of them is packed again.
func upgrades(t *testing.T) string {
	t.Helper()
	from, to := built(t), t.TempDir()
	for _, name := range packages {
		output(t, exec.Command("sh", "-ec", `cp "$1" "$2"; dpkg-deb -e "$1" "$4"; cd "$4"
			sed -i "s/^Version: .*/Version: $3/; s/(= [0-9.]*)/(= $3)/" control
			tar --owner=0 --group=0 -czf ../control.tar.gz .; ar rS "$2" ../control.tar.gz`,
			"sh", file(from, name, version), file(to, name, later), later, filepath.Join(t.TempDir(), name)))
	}
	return to
}

// Installed, upgraded, installed once more, removed, purged and installed again, by dpkg alone. What the desk's windows and the
// bench depend on is left out: TestTheDocument has it.
func TestInstallUpgradeRemovePurge(t *testing.T) {
	c := newChroot(t)
	for from, to := range map[string]string{built(t): "1", upgrades(t): "2"} {
		if err := errors.Join(os.Mkdir(c.path(to), 0o755), syscall.Mount(from, c.path(to), "", syscall.MS_BIND, "")); err != nil {
			t.Fatal(err)
		}
	}
	install := func(folder string) string { return c.run("dpkg --force-depends -i /" + folder + "/*.deb") }
	install("1")

	for _, user := range []string{"balcao-centre", "balcao-registrar", "balcao-desk", "balcao-login"} {
		c.run("id " + user + " && ! runuser -u " + user + " -- cat /etc/balcao/keys/any 2>/dev/null")
	}
	enabled := "ls /etc/systemd/system/{multi-user.target.wants/balcao-{centre,registrar,login},graphical.target.wants/balcao-desk}.service"
	c.run(enabled)
	c.run("test \"$(stat -c %a:%U /etc/balcao/{keys,signing} | xargs)\" = '700:root 700:balcao-login'")
	// Of kbd, which is left out too.
	if said := c.run("systemd-analyze verify --man=no /lib/systemd/system/balcao-*.service 2>&1 | grep -E 'balcao-|kiosk' | grep -v chvt || true"); said != "" {
		t.Errorf("systemd finds: %s", said)
	}
	// The libraries of the desk's windows are left out, so kiosk itself does not start.
	c.run("kioskctl -version && centre -version && registrar -version && balcao-login -version && balcao-setup -version && ! dpkg -S /usr/bin/login /bin/login | grep balcao")
	c.run("test -e /usr/share/bash-completion/completions/kioskctl && cd /usr/share/man && ls man1/{kiosk,kioskctl,balcao-bench,balcao-demo,mock-pcsc}.1.gz man8/{centre,registrar,balcao-login,balcao-setup}.8.gz | xargs gunzip -t")
	c.run("for f in $(find /usr/lib/balcao/bench -type l); do test -x $f; done")

	// What an operator did stays.
	for name, mode := range map[string]os.FileMode{"etc/balcao/centre.toml": 0o644, "etc/balcao/kiosk.toml": 0o644, "etc/balcao/login.toml": 0o644, "etc/balcao/signing/2026-12-01.pem": 0o600, "etc/balcao/keys/pepper": 0o600,
		"var/lib/balcao/registrar/log.signed": 0o600, "etc/default/balcao-desk": 0o644, "etc/systemd/system/balcao-registrar.service.d/own.conf": 0o644} {
		c.write(name, name, mode)
	}
	c.run("chown balcao-registrar: /var/lib/balcao/registrar/log.signed; chown balcao-login: /etc/balcao/signing/*; systemctl disable balcao-registrar")
	kept := "find /etc/balcao /var/lib/balcao /etc/default/balcao-desk /etc/systemd/system/*.d -printf '%p %U:%G %m %T@\\n' | sort; find /etc/balcao /var/lib/balcao -type f -exec cat {} +"
	before := c.run(kept)
	stays := func(after string) {
		t.Helper()
		if now := c.run(kept); now != before {
			t.Errorf("after %s the operator's files are\n%s\nthey were\n%s", after, now, before)
		}
	}
	install("2")
	stays("an upgrade")
	c.run("! " + enabled + " && kioskctl -version && dpkg-query -W -f '${Version}\\n' balcao-centre balcao-desk balcao-login | grep -c '^" + later + "$' | grep 3")
	install("2")
	stays("the same again")

	c.run("dpkg -r balcao-bench balcao-desk")
	c.run("kioskctl -version && ! command -v kiosk")
	c.run("dpkg -r balcao-centre")
	c.run("balcao-setup -version && ! command -v kioskctl") // of the login service, alone
	c.run("dpkg -r balcao-login")
	stays("removal")
	c.run("! command -v balcao-login && ! command -v balcao-setup && ! ls -d /usr/bin/kioskctl /usr/lib/balcao")
	purged := c.run("dpkg --force-depends -P balcao-centre balcao-desk balcao-login balcao-bench")
	stays("purge")
	if strings.Count(purged, "with keys and certificates") != 3 {
		t.Errorf("purge does not say what stays:\n%s", purged)
	}
	if left := c.run("ls -d /etc/systemd/system/*.wants/balcao-* /etc/alternatives/{kioskctl,balcao-setup}* /usr/share/doc/balcao-* 2>/dev/null || true"); left != "" {
		t.Errorf("purge leaves %s", left)
	}
	install("1")
	stays("another installation")
	c.run(enabled + " && kioskctl -version")
}
