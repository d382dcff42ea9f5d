// Demo starts a whole Balcão on one machine: pcscd with two virtual readers, the test bench
// with its cards, message centre and mail server, a private PostgreSQL, the registrar, the centre's door, a witness of
// its log, the sign-in service with a service that uses it and, unless headless, the desk's windows. Everything is the real program; only the cards, the phone and the
// mailbox are the bench's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"balcao/cmd/internal/process"
	"balcao/cmd/internal/version"
	"balcao/kiosk/central/cluster"
)

// startLimit is how long all of it may take to be ready.
const startLimit = 2 * time.Minute

// grace is how long a program may take to end by itself.
const grace = 5 * time.Second

// Names of the demo's desk and database.
const (
	deskRole = "balcao-07"
	deskName = "Loja de Cidadão das Laranjeiras · Balcão 07"
	support  = "+351 210 489 010" // of nobody
	database = "balcao"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 0 after a clean stop.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	headless := flags.Bool("headless", false, "start everything but the windows")
	dir := flags.String("dir", filepath.Join("build", "demo"), "folder for addresses, keys and logs; emptied first")
	oneReader := flags.Bool("one-reader", false, "staff cards share the first reader with the citizens', instead of having the second")
	line := flags.String("line", "full", "speed of the emulated card link, for example 250k")
	version.Flag(flags)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	d := &demo{headless: *headless, oneReader: *oneReader, line: *line, out: stdout}
	err := d.start(ctx, *dir)
	if err == nil {
		_, _ = fmt.Fprintln(stdout, "ready")
		err = d.wait(ctx)
	}
	if stopErr := d.stop(); err == nil {
		err = stopErr
	}
	if err != nil && ctx.Err() == nil {
		_, _ = fmt.Fprintln(stderr, "demo:", err)
		return 1
	}
	return 0
}

// demo is what runs. Parts are stopped in the reverse order in which they were started.
type demo struct {
	headless  bool
	oneReader bool
	line      string
	out       io.Writer
	dir       string
	programs  string // folder of our programs
	cluster   *cluster.Cluster
	parts     []*process.Process
	window    *process.Process // the desk, when there are windows: its end is the demo's
	pcscd     *process.Process
	portal    *portal
	secret    string // of the client that others try out
}

func (d *demo) start(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := d.makeFolder(dir); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{d.startReaders, d.startBench, d.startDatabase, d.startWitness, d.startServices, d.startLogin, d.startWindows} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// makeFolder empties the demo's own folder. It refuses one that it did not make.
func (d *demo) makeFolder(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding our programs: %w", err)
	}
	d.programs = filepath.Dir(self)
	if d.dir, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("finding the demo's folder: %w", err)
	}
	mark := filepath.Join(d.dir, ".balcao-demo")
	entries, err := os.ReadDir(d.dir)
	if err == nil && len(entries) > 0 {
		if _, err := os.Stat(mark); err != nil {
			return fmt.Errorf("%s is not empty and not a demo's folder; name another with --dir", d.dir)
		}
		if err := os.RemoveAll(d.dir); err != nil {
			return fmt.Errorf("emptying the demo's folder: %w", err)
		}
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	return os.WriteFile(mark, nil, 0o600)
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

func (d *demo) log(name string) string { return d.path(name + ".log") }

func (d *demo) startReaders(ctx context.Context) (err error) {
	d.pcscd, err = startPCSCD(ctx, d.log("pcscd"))
	return err
}

func (d *demo) startBench(ctx context.Context) error {
	args := []string{"serve", "--line", d.line}
	if !d.headless {
		args = append(args, "--window")
	}
	return d.startPart(ctx, "mock-pcsc", args...)
}

// startPart starts one of our programs and waits until it is ready.
func (d *demo) startPart(ctx context.Context, name string, args ...string) error {
	p, err := process.StartLogged(d.log(name), filepath.Join(d.programs, name), args...)
	if err != nil {
		return err
	}
	d.parts = append(d.parts, p)
	if err := p.AwaitReady(ctx); err != nil {
		return fmt.Errorf("%w; see %s", err, d.log(name))
	}
	return nil
}

func (d *demo) startDatabase(ctx context.Context) error {
	log, err := os.OpenFile(d.log("postgres"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the server's log: %w", err)
	}
	// The server outlives the start's time limit.
	d.cluster, err = cluster.Start(context.WithoutCancel(ctx), cluster.Options{Log: log, Durable: true})
	if err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	if err := d.cluster.Create(ctx, database); err != nil {
		return fmt.Errorf("making the centre's database: %w", err)
	}
	return d.writeConfigs(ctx)
}

func (d *demo) startServices(ctx context.Context) error {
	for _, name := range []string{"registrar", "centre"} {
		if err := d.startPart(ctx, name, "-config", d.path(name+".toml")); err != nil {
			return err
		}
	}
	return nil
}

// startWindows says where all is, and opens the desk, with the clerk's card in the reader of staff cards.
func (d *demo) startWindows(ctx context.Context) (err error) {
	if err := d.writeEnv(); err != nil || d.headless {
		return err
	}
	d.openBrowser()
	if _, _, err := process.Output(ctx, nil, filepath.Join(d.programs, "mock-pcsc"), "insert", "clerk", d.staffSlot()); err != nil {
		return fmt.Errorf("putting the clerk's card in: %w", err)
	}
	d.window, err = process.StartLogged(d.log("kiosk"), filepath.Join(d.programs, "kiosk"), "-config", d.path("kiosk.toml"))
	if err == nil {
		d.parts = append(d.parts, d.window)
	}
	return err
}

// wait returns when the desk's window was closed, or when ctx ends. Other parts may end meanwhile: whoever
// tries out what happens then kills them and starts them anew.
func (d *demo) wait(ctx context.Context) error {
	if d.window != nil {
		_, _ = fmt.Fprintln(d.out, "close the clerk's window or press Ctrl-C to end")
		select {
		case <-d.window.Done:
			return d.window.Err
		case <-ctx.Done():
			return nil
		}
	}
	<-ctx.Done()
	return nil
}

func (d *demo) stop() error {
	if d.portal != nil {
		_ = d.portal.Close()
	}
	for i := len(d.parts) - 1; i >= 0; i-- {
		_ = d.parts[i].Stop(grace)
	}
	if d.pcscd != nil {
		_ = d.pcscd.Stop(grace)
	}
	if d.cluster == nil {
		return nil
	}
	return d.cluster.Stop()
}
