package cardreader

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Finding is one thing that Diagnose looked at, in words for the person who can repair it.
type Finding struct {
	Code  string `json:"code"` // stable, for scripts: one of the codes below
	OK    bool   `json:"ok"`
	Title string `json:"title"`           // what is so
	Cause string `json:"cause,omitempty"` // why, as far as can be told; "" when OK
	Cure  string `json:"cure,omitempty"`  // what to do; "" when OK
}

// Codes of findings. They are those of the desk's screens where a clerk can see the same.
const (
	CodeOK               = "ok"
	CodeMissing          = "pcscd_missing"
	CodeStopped          = "pcscd_stopped"
	CodeStuck            = "pcscd_stuck"
	CodeNotAuthorised    = "not_authorised"
	CodeNoReader         = "no_reader"
	CodeAside            = "reader_aside"
	CodeReaderBusy       = "reader_busy"
	CodeCardUnresponsive = "card_unresponsive"
	CodeCardSilent       = "card_silent"
	CodeReaderFault      = "reader_fault"
)

// diagnosisPatience is short because an operator is waiting, and a busy card is a finding too.
const diagnosisPatience = 500 * time.Millisecond

// Diagnose looks at the service, at the readers, and at the card in each, and says what is wrong and what
// to do about it. It sends no command to a card, so it can run while other programs use one. It
// does connect to the card, which resets a card that no other program is connected to.
func Diagnose(ctx context.Context) []Finding { return Choice{}.Diagnose(ctx) }

// Diagnose is the function of that name where some readers are left aside or used by configuration.
func (c Choice) Diagnose(ctx context.Context) []Finding {
	names, err := List(ctx)
	switch {
	case errors.Is(err, ErrStuck), ctx.Err() != nil: // it had not answered when the caller's time was over
		return []Finding{stuckFinding}
	case err != nil && causeOf(err) == awaitsReader:
		return []Finding{noReader()}
	case err != nil:
		return []Finding{serviceFinding(causeOf(err))}
	}
	findings := []Finding{{Code: CodeOK, OK: true, Title: runningTitle}}
	if len(names) == 0 {
		return append(findings, noReader())
	}
	none := true
	for _, name := range names {
		if why := c.Aside(name); why != "" {
			findings = append(findings, asideFinding(name, why))
			continue
		}
		none = false
		findings = append(findings, readerFinding(ctx, name))
	}
	if none {
		findings = append(findings, onlyAsideFinding)
	}
	return findings
}

// asideFinding is nothing wrong: who misses the reader sees how to have it.
func asideFinding(name string, why Aside) Finding {
	title := fmt.Sprintf("%q is left aside: %s. To use it as a reader, name it in the desk's configuration: readers", name, why)
	return Finding{Code: CodeAside, OK: true, Title: title}
}

var onlyAsideFinding = Finding{
	Code: CodeNoReader, Title: "No other reader was found.",
	Cause: "What is plugged in is left aside, or the reader's cable or USB socket is faulty.",
	Cure:  "Plug a smart-card reader in. If one of the above is a reader, name it in the desk's configuration: readers",
}

func readerFinding(ctx context.Context, name string) Finding {
	session, err := Dialer{Patience: diagnosisPatience}.Connect(ctx, name)
	if err == nil {
		err = session.Close()
	}
	f := Finding{Title: fmt.Sprintf("Reader %q", name)}
	switch {
	case err == nil:
		f.Code, f.OK, f.Title = CodeOK, true, f.Title+" works and has a card in it that powers up."
	case errors.Is(err, ErrRemoved):
		f.Code, f.OK, f.Title = CodeOK, true, f.Title+" works and is empty."
	case errors.Is(err, ErrBusy):
		f.Code, f.Title = CodeReaderBusy, f.Title+" is held by another program."
		f.Cause = "Another program uses the card for itself alone: the Autenticação.gov application, a browser, " + alsoHolds
		f.Cure = "Close that program." + closeHolder
	case errors.Is(err, ErrUnresponsive):
		f.Code, f.Title = CodeCardUnresponsive, f.Title+" has a card in it that does not power up."
		f.Cause = "The card is the wrong way round, its contacts are dirty, or its chip is broken."
		f.Cure = "Insert it chip first and chip up; wipe the contacts with a dry cloth. If another card works, the card is broken."
	case errors.Is(err, ErrNotAuthorised):
		return serviceFinding(NotAuthorised)
	case errors.Is(err, ErrStuck):
		return stuckFinding
	case errors.Is(err, ErrSilent):
		f.Code, f.Title = CodeCardSilent, f.Title+" does not come back from talking to its card."
		f.Cause = "The card or the reader hangs."
		f.Cure = "Take the card out. If that does not help, unplug the reader and plug it in again."
	default:
		f.Code, f.Title = CodeReaderFault, f.Title+" cannot be used."
		f.Cause = err.Error()
		f.Cure = "Unplug the reader and plug it in again; if that does not help: " + restart
	}
	return f
}
