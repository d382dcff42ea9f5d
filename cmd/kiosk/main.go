// Kiosk is the desk application: the clerk's window and the citizen's, on real readers and the centre.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	stdlog "log"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"balcao/cmd/internal/guarded"
	"balcao/cmd/internal/installed"
	"balcao/cmd/internal/version"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/desk"
	"balcao/kiosk/examine"
	"balcao/kiosk/paper"
	"balcao/kiosk/paper/printer"
	"balcao/kiosk/seal"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/folder"
	"balcao/ui"
	"balcao/ui/theme"
)

func main() {
	openOutput()
	if err := cmp.Or(overwriteFreed(), guarded.Memory()); err != nil {
		fail(err)
	}
	path := flag.String("config", installed.Path("kiosk.toml"), "configuration file")
	check := flag.Bool("check-config", false, "check the configuration and exit")
	version.Flag(flag.CommandLine)
	flag.Parse()
	var last recent
	log := slog.New(last.handler(slog.NewJSONHandler(os.Stderr, nil)))
	stdlog.SetFlags(0)
	stdlog.SetOutput(&toolkitLog{log: log})
	cfg, err := loadConfig(*path)
	switch {
	case err == nil && *check:
		err = cfg.checkTrust()
	case err == nil:
		err = run(cfg, log, &last)
	}
	if err != nil {
		fail(err)
	}
}

// fail says what is wrong and ends the program.
func fail(err error) {
	_, _ = fmt.Fprintln(os.Stderr, "kiosk:", err)
	show(err)
	os.Exit(1)
}

// run wires the parts and returns when the window was closed or the process is told to end.
func run(cfg config, log *slog.Logger, last *recent) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	store, err := trust.Load(cfg.Trust)
	if err != nil {
		return &startError{fmt.Errorf("loading trust anchors from %s: %w", cfg.Trust, err),
			"Fill the folder with: kioskctl trust import, or name another as \"trust\" in the configuration."}
	}
	recipient, err := seal.ParseRecipient(cfg.CentreRecipient)
	if err != nil {
		return fmt.Errorf("reading the centre's recipient: %w", err)
	}
	countries, err := country.Load(cfg.Trust)
	if err != nil {
		return &startError{fmt.Errorf("loading the States that sign travel documents from %s: %w", cfg.Trust, err),
			"Fill the folder with: kioskctl trust import, from a master list."}
	}
	asking := fetch.Client(cfg.AllowPrivateRevocation)
	folder.Log(ctx, log, slices.Concat(store.BadFiles(), countries.BadFiles())...)
	own, err := cfg.desk()
	if err != nil {
		return fmt.Errorf("reading the desk's certificate: %w", err)
	}
	roots, err := cfg.roots()
	if err != nil {
		return fmt.Errorf("reading the centre's authority: %w", err)
	}
	centre, err := central.Dial(central.Config{URLs: cfg.Centre, Certificate: own, Roots: roots})
	if err != nil {
		return &startError{fmt.Errorf("preparing the connection to the centre: %w", err),
			"Check \"centre\", \"certificate\" and \"key\" in the configuration (kioskctl desk add writes the files)."}
	}
	defer centre.Close()
	a := app.NewWithID("pt.balcao.kiosk")
	a.Settings().SetTheme(theme.DeskTheme(cfg.TextScale, cfg.look()))
	var fonts sync.WaitGroup
	fonts.Go(theme.LoadFonts)
	err = openDisplay()
	fonts.Wait()
	if err != nil {
		return err
	}
	var screens *ui.UI
	var closing atomic.Bool
	journal := desk.Journal{Log: log}
	over := func() bool { return closing.Load() || ctx.Err() != nil }
	memory := forgetting{log: log, closing: over}
	var waiting frames
	options := arrange(cfg, ui.Options{TextScale: cfg.TextScale, Look: cfg.look(), Log: last, Closed: func() { closing.Store(true); a.Quit() }}, log)
	runner, err := desk.New(desk.Config{
		Settings: cfg.settings(),
		Centre:   centre,
		Readers:  desk.PCSC{Choice: cfg.choice()},
		Examiner: &examine.Examiner{
			Trust: store, Revocation: &trust.Revocation{HTTP: asking},
			Countries: countries, CountryRevocation: &country.Revocation{Authorities: countries, HTTP: asking},
		},
		Recipient:    recipient,
		Own:          own,
		StaffReader:  cfg.StaffReader,
		Papers:       desk.Papers{Fonts: paper.FontFolder, Printer: printer.Printer(cfg.Printer), Support: cfg.Support},
		SecondScreen: secondScreen(cfg, options.SecondScreen != nil),
		// The only place where another goroutine meets the windows. Once they close, the toolkit runs such
		// functions wherever they come from, and a window may no longer be touched.
		Show: func(s kiosk.State) {
			if !waiting.add(s) {
				return
			}
			fyne.Do(func() {
				for _, s := range waiting.take() {
					if !over() {
						screens.Show(s)
						journal.Note(s)
						memory.drawn(s)
					}
				}
			})
		},
		Log: log,
	})
	if err != nil {
		return fmt.Errorf("starting the desk: %w", err)
	}
	last.onChange(func() {
		if !over() {
			screens.LogChanged()
		}
	})
	options.Send = runner.Send
	screens = ui.New(a, options)
	return serve(ctx, a, screens, runner)
}
