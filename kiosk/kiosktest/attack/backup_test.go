package attack_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"balcao/kiosk/central/cluster"
	"balcao/kiosk/ledger"
)

// backups is pgBackRest with the configuration that operators get, in a folder of the test's.
type backups struct {
	t   *testing.T
	dir string // of the user postgres
}

const deployed = "../../../assets/deploy/pgbackrest/pgbackrest.conf"

func newBackups(t *testing.T) *backups {
	t.Helper()
	dir, err := os.MkdirTemp("", "balcao-backup-") // the server's user gets in here, and the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	b := &backups{t: t, dir: dir}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	conf, err := os.ReadFile(deployed)
	if err != nil {
		t.Fatal(err)
	}
	for path, here := range map[string]string{
		"=/var/lib/pgbackrest\n": "repo", "=/run/lock/pgbackrest\n": "lock", "=/var/log/pgbackrest\n": "log", "=/var/lib/postgresql/15/main\n": "main",
	} {
		if bytes.Count(conf, []byte(path)) != 1 {
			t.Fatalf("%s does not say %q once", deployed, path)
		}
		conf = bytes.Replace(conf, []byte(path), []byte("="+filepath.Join(dir, here)+"\n"), 1)
	}
	b.write("pgbackrest.conf", string(conf))
	b.check(os.Mkdir(filepath.Join(dir, "log"), 0o755))
	b.write("conf.d/cipher.conf", "[global]\nrepo1-cipher-pass=not a secret of anybody's\n")
	if os.Geteuid() == 0 {
		b.run(nil, "chown", "-R", "postgres", dir)
	}
	return b
}

func (b *backups) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *backups) write(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	b.check(os.MkdirAll(filepath.Dir(path), 0o755))
	b.check(os.WriteFile(path, []byte(text), 0o644))
}

// command is pgBackRest's, before what it is to do.
func (b *backups) command() string {
	return fmt.Sprintf("pgbackrest --config=%[1]s/pgbackrest.conf --config-include-path=%[1]s/conf.d --stanza=balcao", b.dir)
}

// run runs something and returns what it says.
func (b *backups) run(env []string, command string, args ...string) string {
	b.t.Helper()
	out, err := b.try(env, command, args...)
	if err != nil {
		b.t.Fatalf("%s %q: %v\n%s", command, args, err, out)
	}
	return out
}

func (b *backups) try(env []string, command string, args ...string) (string, error) {
	c := exec.CommandContext(b.t.Context(), command, args...)
	c.Dir, c.Env = b.dir, append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	return string(out), err
}

// asServer runs a shell command as the server's user.
func (b *backups) asServer(env []string, command string) (string, error) {
	if os.Geteuid() == 0 {
		return b.try(env, "runuser", "-u", "postgres", "--", "sh", "-c", command)
	}
	return b.try(env, "sh", "-c", command)
}

func (b *backups) must(env []string, command string) string {
	b.t.Helper()
	out, err := b.asServer(env, command)
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return out
}

// restored brings the database back into a folder as it was at a time, starts a server there, and returns an
// administrator's connection string.
func (b *backups) restored(name string, at time.Time, admin string) (dsn string) {
	b.t.Helper()
	data := filepath.Join(b.dir, name)
	b.must(nil, fmt.Sprintf("mkdir -m 700 %[1]s && %[2]s --pg1-path=%[1]s --no-delta --type=time --target='%[3]s' --target-action=promote restore",
		data, b.command(), at.UTC().Format("2006-01-02 15:04:05.999999+00")))
	const ctl = "/usr/lib/postgresql/15/bin/pg_ctl"
	b.must(nil, fmt.Sprintf("%[1]s -D %[2]s -w -t 60 -l %[2]s.log -o \"-k %[3]s -p 5433 -c listen_addresses='' -c archive_mode=off -c max_connections=200\" start || { cat %[2]s.log; false; }", ctl, data, b.dir))
	b.t.Cleanup(func() {
		// The context of the test is over by now.
		stop := exec.Command("runuser", "-u", "postgres", "--", ctl, "-D", data, "-m", "immediate", "stop")
		if os.Geteuid() != 0 {
			stop = exec.Command(ctl, "-D", data, "-m", "immediate", "stop")
		}
		_ = stop.Run()
	})
	u, err := url.Parse(admin)
	b.check(err)
	u.RawQuery = url.Values{"host": {b.dir}, "port": {"5433"}}.Encode()
	return u.String()
}

// holds reports in how many files below a folder something stands in clear.
func (b *backups) holds(folder string, what []byte) (n int) {
	b.t.Helper()
	err := filepath.WalkDir(filepath.Join(b.dir, folder), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, what) {
			n++
		}
		return err
	})
	b.check(err)
	return n
}

// A server is lost, and its database comes back from the backup as it was at a time: the audit confirms it, knows that
// something is missing when it is given a later checkpoint, and finds what somebody changed in a copy. A new log goes on.
func TestBackup(t *testing.T) {
	t.Parallel()
	b := newBackups(t)
	server, err := cluster.Start(t.Context(), cluster.Options{Dir: filepath.Join(b.dir, "main"), Durable: true,
		Settings: []string{"archive_mode=on", "wal_level=replica", "archive_command=" + b.command() + " archive-push %p"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	s := newSystemOn(t, server.NewDatabase(t))
	admin, err := url.Parse(s.DB.Admin())
	s.check(err)
	password, _ := admin.User.Password()
	b.write("conf.d/socket.conf", "[balcao]\npg1-socket-path="+server.Dir()+"\npg1-user="+cluster.Admin+"\n")
	env := []string{"PGPASSWORD=" + password}
	b.must(env, b.command()+" stanza-create")
	stop := s.sequence()
	in := s.signIn(s.Centre, s.clerk)
	first := s.enrol(in, s.citizen("cc1-rsa2048"))
	first.bind(first.honest(), false)
	first.ends("honest", "active")
	b.must(env, b.command()+" --type=full backup")
	s.set("min_age", 17) // is only in what is archived
	kept := s.checkpoint()
	ended := time.Now() // later than the backup, whose time pgBackRest keeps in whole seconds
	s.until("the next second", func() bool { return time.Since(ended) > time.Second })
	at := scalar[time.Time](s, `select clock_timestamp()`)
	second := s.enrol(in, s.citizen("cc2024"))
	second.bind(second.honest(), false)
	second.ends("honest", "active")
	later := s.checkpoint()
	b.must(env, b.command()+" check") // which waits until all is archived
	stop()

	surname := []byte(s.citizen("cc1-rsa2048").holder.Surname)
	if b.holds("main", surname) == 0 || b.holds("repo", surname) != 0 {
		t.Errorf("the first holder's name is in %d files of the database, and in %d of the backup", b.holds("main", surname), b.holds("repo", surname))
	}
	seed := s.Records.Seed()
	for name, key := range map[string][]byte{"identity": []byte(s.Identity.String()), "record key": seed, "pepper": bytes.Repeat([]byte{7}, 32), "log key": s.logKey} {
		if n := b.holds("main", bytes.TrimSpace(key)); n != 0 {
			t.Errorf("%s: in %d files of the database", name, n)
		}
	}

	dsn := b.restored("back", at, s.DB.Admin())
	s.auditAt(dsn, ledger.Audited{Checkpoints: []ledger.Kept{kept}})
	s.auditAt(dsn, ledger.Audited{Checkpoints: []ledger.Kept{later}}, "rolled back: the log: ")
	back, err := pgx.Connect(s.ctx, dsn)
	s.check(err)
	defer back.Close(t.Context())
	var keys, age int
	s.check(back.QueryRow(s.ctx, `select (select count(*) from centre.key), (select value::int from centre.setting where name = 'min_age')`).Scan(&keys, &age))
	if keys != 1 || age != 17 {
		t.Errorf("brought back: %d keys and the age of %d, want 1 and 17", keys, age)
	}

	// The log signed more than there is now. Another goes on from what it signed, when it is told whose that is.
	private, public, err := ledger.GenerateKey("balcao.example/log-2")
	s.check(err)
	next, err := note.NewVerifier(strings.TrimSpace(string(public)))
	s.check(err)
	u, err := url.Parse(s.DB.Registrar())
	s.check(err)
	u.RawQuery = url.Values{"host": {b.dir}, "port": {"5433"}}.Encode()
	before := s.log
	s.log, s.logKey = next, private
	stop = s.sequenceAt(u.String())
	s.until("a log that is told nothing refuses", func() bool { return s.Log.Holds("log_fork") })
	stop()
	stop = s.sequenceAt(u.String(), before)
	s.until("the newest checkpoint is the next log's", func() bool {
		var newest string
		s.check(back.QueryRow(s.ctx, `select note from centre.log_checkpoint order by id desc limit 1`).Scan(&newest))
		return strings.HasPrefix(newest, next.Name()+"\n")
	})
	stop()
	s.auditAt(dsn, ledger.Audited{})

	_, err = back.Exec(s.ctx, `set session_replication_role = replica; update centre.key set level = 'substantial'`)
	s.check(err)
	s.auditAt(dsn, ledger.Audited{}, "changed: key ")

	t.Run("somebody changed the backup", func(t *testing.T) {
		var biggest string
		var size int64
		s.check(filepath.WalkDir(filepath.Join(b.dir, "repo", "backup"), func(path string, e fs.DirEntry, err error) error {
			if info, errInfo := e.Info(); errInfo == nil && e.Type().IsRegular() && info.Size() > size {
				biggest, size = path, info.Size()
			}
			return err
		}))
		content, err := os.ReadFile(biggest)
		s.check(err)
		content[len(content)/2] ^= 1
		s.check(os.WriteFile(biggest, content, 0o640))
		if out, _ := b.asServer(nil, b.command()+" --output=text --verbose verify"); !strings.Contains(out, "status: error") {
			t.Errorf("verify says\n%s", out)
		}
		out, err := b.asServer(nil, fmt.Sprintf("mkdir -m 700 %[1]s/forged && %[2]s --pg1-path=%[1]s/forged --no-delta --type=immediate restore", b.dir, b.command()))
		if err == nil {
			t.Errorf("it was restored:\n%s", out)
		}
	})
}
