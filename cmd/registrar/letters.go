package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/kiosk"
	"balcao/kiosk/paper"
	"balcao/kiosk/paper/printer"
	"balcao/kiosk/registrar"
)

const lettersUsage = `Usage: registrar letters -config FILE list
       registrar letters -config FILE print [-printer NAME | -to FOLDER]
       registrar letters -config FILE reprint LETTER REASON

The back office's queue of letters with an activation code. print takes each letter once, the oldest first: to a printer of
CUPS (the default one when none is named), or as a PDF each into a folder that only this user may read. reprint puts one
back into the queue; REASON is printer_failed, damaged, returned or not_arrived. The address is deleted some days after
(kioskctl db set letter_keep_days); then a desk sends another code.
`

// lettersConfig is what letters say of their sender.
type lettersConfig struct {
	From  string `toml:"from"`  // one line, above the address: letters come back to it
	Place string `toml:"place"` // where they are written
}

// letter is one that waits to be printed, as registrar.letters has it.
type letter struct {
	ID       uuid.UUID `db:"letter"`
	Register int64
	Send     int `db:"send_no"`
	Language kiosk.Language
	Address  kiosk.PostalAddress
	MadeAt   time.Time
	Copies   int
	Reason   *string
}

// letters carries out "registrar letters".
func letters(ctx context.Context, args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("registrar letters", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	config := fs.String("config", "", "")
	if err := fs.Parse(args); err != nil || *config == "" || fs.NArg() == 0 {
		return errUsage
	}
	cfg, err := loadConfig(*config)
	if err != nil {
		return err
	}
	pool, err := registrar.OpenPool(ctx, cfg.Database, 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	switch rest := fs.Args()[1:]; fs.Arg(0) {
	case "list":
		return listLetters(ctx, pool, stdout)
	case "print":
		return printLetters(ctx, cfg, pool, rest, stdout)
	case "reprint":
		if len(rest) != 2 {
			return errUsage
		}
		return reprint(ctx, pool, rest[0], rest[1])
	}
	return errUsage
}

func waitingLetters(ctx context.Context, pool *pgxpool.Pool) ([]letter, error) {
	rows, err := pool.Query(ctx, `select * from registrar.letters()`)
	if err != nil {
		return nil, fmt.Errorf("asking for the letters: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[letter])
	if err != nil {
		return nil, fmt.Errorf("reading the letters: %w", err)
	}
	return list, nil
}

// listLetters names the letters without saying to whom they go.
func listLetters(ctx context.Context, pool *pgxpool.Pool, stdout io.Writer) error {
	list, err := waitingLetters(ctx, pool)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		_, _ = fmt.Fprintln(stdout, "No letter waits to be printed.")
		return nil
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "LETTER\tKEY\tSINCE\tCOPIES BEFORE\tREASON")
	for _, l := range list {
		reason := ""
		if l.Reason != nil {
			reason = *l.Reason
		}
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%s\n", l.ID, l.Register, l.MadeAt.Local().Format("2006-01-02 15:04"), l.Copies, reason)
	}
	return w.Flush()
}

// printLetters prints what waits. A letter is taken out of the queue before it is printed, so that no two are; one that
// could not be printed goes back with that reason, and the others wait; but not for one that could not be made.
func printLetters(ctx context.Context, cfg config, pool *pgxpool.Pool, args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("registrar letters print", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	queue, folder := fs.String("printer", "", ""), fs.String("to", "", "")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 || *queue != "" && *folder != "" {
		return errUsage
	}
	press, err := paper.NewPress(paper.FontFolder)
	if err != nil {
		return err
	}
	pepper, err := os.ReadFile(cfg.Pepper)
	if err != nil {
		return fmt.Errorf("reading the pepper: %w", err)
	}
	defer clear(pepper)
	to := printer.Printer(*queue)
	if *queue == "" && *folder == "" {
		if to, err = printer.Default(ctx); err != nil {
			return fmt.Errorf("%w: name one with -printer, or a folder with -to", err)
		}
	}
	list, err := waitingLetters(ctx, pool)
	if err != nil {
		return err
	}
	var failed error
	printed := 0
	for _, l := range list {
		doc, err := l.make(ctx, cfg, pool, press, pepper)
		if errors.Is(err, errNotWanted) {
			continue
		}
		unmade := errors.Is(err, paper.ErrScript)
		if err == nil && *folder != "" {
			err = os.WriteFile(filepath.Join(*folder, l.ID.String()+".pdf"), doc.Data, 0o600)
		} else if err == nil {
			err = to.Print(ctx, doc)
		}
		doc.Wipe()
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("letter %s: %w", l.ID, err), reprint(ctx, pool, l.ID.String(), "printer_failed"))
			if !unmade {
				break
			}
			continue
		}
		printed++
	}
	_, _ = fmt.Fprintf(stdout, "Letters printed: %d\n", printed)
	return failed
}

// errNotWanted says that a letter was printed by somebody else meanwhile, or that its code counts no more.
var errNotWanted = errors.New("the letter is not wanted any more")

// make takes a letter out of the queue, and makes it.
func (l letter) make(ctx context.Context, cfg config, pool *pgxpool.Pool, press *paper.Press, pepper []byte) (paper.PDF, error) {
	var until *time.Time
	if err := pool.QueryRow(ctx, `select registrar.letter_printed($1)`, l.ID).Scan(&until); err != nil {
		return paper.PDF{}, fmt.Errorf("taking a letter: %w", err)
	}
	if until == nil {
		return paper.PDF{}, errNotWanted
	}
	code, err := registrar.ActivationCode(pepper, l.Register, l.Send)
	if err != nil {
		return paper.PDF{}, err
	}
	defer clear(code)
	return press.Letter(paper.Letter{
		To: l.lines(), From: cfg.Letters.From, Place: cfg.Letters.Place, Support: cfg.Support, Web: cfg.Web, Language: l.Language,
		Code: string(code), Until: until.Local(),
	}, time.Now())
}

// reprint puts a letter back into the queue.
func reprint(ctx context.Context, pool *pgxpool.Pool, which, reason string) error {
	id, err := uuid.Parse(which)
	if err != nil {
		return fmt.Errorf("%q is not the number of a letter", which)
	}
	var put bool
	if err := pool.QueryRow(ctx, `select registrar.letter_reprint($1, $2)`, id, strings.ToLower(reason)).Scan(&put); err != nil {
		return errors.New("the reason is printer_failed, damaged, returned or not_arrived")
	}
	if !put {
		return errors.New("that letter was not printed, its code counts no more, or its address was deleted: a desk sends another code")
	}
	return nil
}

// lines are the address as it stands on the envelope; letters abroad end with the country.
func (l letter) lines() []string {
	a := l.Address
	lines := append([]string{a.Name}, a.Lines...)
	lines = append(lines, strings.TrimSpace(a.Postcode+" "+a.Town))
	if a.Country != "" && a.Country != "PRT" {
		lines = append(lines, a.Country)
	}
	return lines
}
