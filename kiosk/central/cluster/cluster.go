// Package cluster runs a private PostgreSQL server from the binaries installed on this machine, for the
// demonstration and for tests. It is a real server: same functions, same roles, same locks as the
// centre's. It listens on a Unix socket in a directory of its own, knows only random passwords
// (SCRAM-SHA-256), and is gone when it is stopped or when the program that started it dies.
package cluster

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
)

// Login roles that every cluster has; all but the first once a database was created.
const (
	Admin     = "balcao_admin" // superuser
	Centre    = schema.CentreLogin
	Login     = schema.LoginService
	Registrar = "registrar_1" // member of balcao_registrar
)

//go:embed preload/clock.c
var shiftedClock string

//go:embed preload/exit.c
var quickExit string

// port only names the socket; nothing listens on it unless Options.Listen is set.
const port = 5432

// Options say how the server runs. The zero value is what tests want.
type Options struct {
	Dir     string    // where the data lie, absent or empty; a temporary directory when ""
	Durable bool      // survive a crash of the machine (fsync), and be PostgreSQL as it is installed; tests go without
	Log     io.Writer // the server's messages; discarded when nil. No personal data are in them
	TLS     *TLS      // listen on 127.0.0.1 as well

	// Clock is a file with how many seconds the server's clock is ahead of this computer's, a decimal number that is read at
	// every look at the clock; empty for this computer's own. It needs a C compiler, as everything that is not Durable does.
	Clock string

	Settings []string // of postgresql.conf, as name=value; the last of one name counts

	Desks *deskca.Authority // issues the certificates of Desk; one in memory, the test program's, when nil
}

// TLS makes the server listen on a free port of 127.0.0.1, for the door and registrars with client certificates of
// ClientCA only.
type TLS struct {
	Certificate, Key, ClientCA []byte // PEM
}

// Cluster is a running server.
type Cluster struct {
	dir    string // socket, and data unless elsewhere
	data   string
	listen string // host:port when TLS
	desks  *deskca.Authority
	cmd    *exec.Cmd
	done   chan struct{}                   // closed when the server has ended
	again  func(ctx context.Context) error // starts it once more

	mu        sync.Mutex
	passwords map[string]string // of each login role
	certs     map[string]tls.Certificate
	template  string
	databases int
	stopped   bool

	admins sync.Mutex
	admin  *pgx.Conn // at database postgres, for those that come and go; nil at first
}

// Start makes and starts a server and returns when it answers. The caller stops it.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	user, err := serverUser()
	if err != nil {
		return nil, err
	}
	// Stop removes the folder: one that holds anything else is not taken.
	if entries, err := os.ReadDir(opts.Dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("the data directory %s is not empty", opts.Dir)
	}
	sweep(os.TempDir())
	// Not under a test's own directory: the path of a socket is at most 107 bytes.
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return nil, fmt.Errorf("making the server's directory: %w", err)
	}
	c := &Cluster{dir: dir, data: opts.Dir, desks: opts.Desks, done: make(chan struct{}),
		passwords: map[string]string{Admin: rand.Text()}, certs: map[string]tls.Certificate{}}
	if c.desks == nil {
		c.desks = testDesks()
	}
	if c.data == "" {
		c.data = filepath.Join(dir, "data")
	}
	if err := c.start(ctx, bin, user, opts); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, bin string, user account, opts Options) error {
	if err := os.MkdirAll(c.data, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	if err := user.own(c.dir, c.data); err != nil {
		return err
	}
	if err := c.initdb(ctx, bin, user, opts); err != nil {
		return err
	}
	c.again = func(ctx context.Context) error {
		if err := c.run(bin, user, opts); err != nil {
			return err
		}
		return c.waitReady(ctx)
	}
	return c.again(ctx)
}

// Crash ends the server at once, as when its computer fails (PostgreSQL's immediate shutdown), and Recover starts it again:
// it recovers what was committed. Nobody may be stopping it meanwhile.
func (c *Cluster) Crash() {
	_ = c.cmd.Process.Signal(syscall.SIGQUIT) // it may have ended already
	<-c.done
}

// Recover starts a server that has crashed, and returns when it answers.
func (c *Cluster) Recover(ctx context.Context) error {
	c.done = make(chan struct{})
	return c.again(ctx)
}

func (c *Cluster) initdb(ctx context.Context, bin string, user account, opts Options) error {
	pwfile := filepath.Join(c.dir, "pw")
	if err := user.writeFile(pwfile, []byte(c.passwords[Admin]+"\n")); err != nil {
		return err
	}
	defer os.Remove(pwfile)
	args := []string{"-D", c.data, "-U", Admin, "-A", "scram-sha-256", "--pwfile", pwfile,
		"-E", "UTF8", "--locale=C.UTF-8"}
	if !opts.Durable {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), args...)
	cmd.SysProcAttr = user.attr()
	cmd.Dir = c.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making the private server's data: %w\n%s", err, out)
	}
	if opts.TLS == nil {
		return nil
	}
	hba := "local all all scram-sha-256\n" +
		"hostssl all " + schema.CentreLogin + "," + schema.LoginService + ",+" + schema.RegistrarGroup + " 127.0.0.1/32 cert\n" +
		"host all all all reject\n"
	for name, content := range map[string][]byte{
		"pg_hba.conf": []byte(hba),
		"server.crt":  opts.TLS.Certificate, "server.key": opts.TLS.Key, "services.crt": opts.TLS.ClientCA,
	} {
		if err := user.writeFile(filepath.Join(c.data, name), content); err != nil {
			return err
		}
	}
	return nil
}

// run starts the server from a goroutine that keeps its thread until the server has ended: the kernel
// sends Pdeathsig when the thread that started a process ends, not when the program does.
func (c *Cluster) run(bin string, user account, opts Options) error {
	args, err := c.serverArgs(opts)
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.Dir = c.dir
	cmd.Stdout, cmd.Stderr = opts.Log, opts.Log
	source := ""
	if !opts.Durable {
		source = quickExit
	}
	if opts.Clock != "" {
		source = shiftedClock + source
	}
	if source != "" {
		library := filepath.Join(c.dir, "preload.so")
		compile := exec.Command("cc", "-shared", "-fPIC", "-O2", "-o", library, "-x", "c", "-", "-ldl")
		compile.Stdin = strings.NewReader(source)
		if out, err := compile.CombinedOutput(); err != nil {
			return fmt.Errorf("compiling what is loaded before PostgreSQL: %w\n%s", err, out)
		}
		cmd.Env = append(os.Environ(), "LD_PRELOAD="+library, "CLOCK_FILE="+opts.Clock)
	}
	cmd.SysProcAttr = user.attr()
	// SIGQUIT is PostgreSQL's immediate shutdown: unlike after SIGKILL it frees its shared memory.
	cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	cmd.SysProcAttr.Setpgid = true // Ctrl-C is for the program, which then stops the server in order
	cmd.WaitDelay = 5 * time.Second

	started, done := make(chan error), c.done
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			c.cmd = cmd
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is said by whoever asked it to, or by waitReady
			close(done)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("starting the private server: %w", err)
	}
	return nil
}

func (c *Cluster) serverArgs(opts Options) ([]string, error) {
	settings := []string{
		"listen_addresses=", "max_connections=200", "unix_socket_permissions=0700",
		// What a failed statement was about must not reach a log: values stand in DETAIL and parameters.
		"log_error_verbosity=terse", "log_parameter_max_length=0", "log_parameter_max_length_on_error=0",
		"log_min_error_statement=panic",
		"password_encryption=scram-sha-256", "jit=off",
	}
	if !opts.Durable {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"autovacuum=off", "shared_buffers=32MB")
	}
	listenPort := port
	if opts.TLS != nil {
		if c.listen == "" { // one that recovers listens where it did
			free, err := freePort()
			if err != nil {
				return nil, err
			}
			c.listen = net.JoinHostPort("127.0.0.1", strconv.Itoa(free))
		}
		_, p, _ := net.SplitHostPort(c.listen)
		listenPort, _ = strconv.Atoi(p)
		settings = append(settings, "listen_addresses=127.0.0.1", "ssl=on", "ssl_cert_file=server.crt",
			"ssl_key_file=server.key", "ssl_ca_file=services.crt", "ssl_min_protocol_version=TLSv1.2")
	}
	args := []string{"-D", c.data, "-k", c.dir, "-p", strconv.Itoa(listenPort)}
	for _, s := range append(settings, opts.Settings...) {
		args = append(args, "-c", s)
	}
	return args, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (c *Cluster) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.DSN(Admin, "postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-c.done:
			return errors.New("the private server ended while it was starting")
		case <-ctx.Done():
			return fmt.Errorf("waiting for the private server: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Addr is where a cluster with TLS listens, as host and port.
func (c *Cluster) Addr() string { return c.listen }

// Dir is the directory of the server's socket.
func (c *Cluster) Dir() string { return c.dir }

// Data is the directory of the server's data.
func (c *Cluster) Data() string { return c.data }

// DSN is the connection string of a login role to a database, through the socket. It holds the role's
// password. It panics when the role was not made by this package.
func (c *Cluster) DSN(role, database string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	password, ok := c.passwords[role]
	if !ok {
		panic("cluster: no login role " + role)
	}
	p := strconv.Itoa(port)
	if c.listen != "" {
		_, p, _ = net.SplitHostPort(c.listen)
	}
	dsn := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Path: "/" + database,
		RawQuery: url.Values{"host": {c.dir}, "port": {p}}.Encode()}
	return dsn.String()
}

// Stop ends the server, at once when it does not end in order, and removes what it kept. It may be
// called more than once.
func (c *Cluster) Stop() error {
	c.mu.Lock()
	first := !c.stopped
	c.stopped = true
	c.mu.Unlock()
	if !first {
		return nil
	}
	if c.cmd != nil {
		// Fast shutdown: it disconnects its clients and ends. Errors mean that it has ended already.
		_ = c.cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-c.done:
		case <-time.After(10 * time.Second):
			_ = c.cmd.Process.Signal(syscall.SIGQUIT)
			select {
			case <-c.done:
			case <-time.After(5 * time.Second):
				_ = c.cmd.Process.Kill()
				<-c.done
			}
		}
	}
	if err := errors.Join(os.RemoveAll(c.data), os.RemoveAll(c.dir)); err != nil {
		return fmt.Errorf("removing the private server's data: %w", err)
	}
	return nil
}
