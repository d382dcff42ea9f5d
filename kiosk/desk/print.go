package desk

import (
	"context"
	"errors"

	"balcao/kiosk"
	"balcao/kiosk/paper"
	"balcao/kiosk/paper/printer"
)

// Papers are how a desk makes papers and where they go.
type Papers struct {
	Fonts   string          // the folder of their fonts, paper.FontFolder; empty: the desk makes none
	Printer printer.Printer // a queue of CUPS; "" for the default, or the only one
	Support string          // the telephone that people call
}

// shownDots is the resolution at which a paper is shown, in dots per inch: A4 is 992 points wide, which a screen of
// 1280 × 800 shows as it is.
const shownDots = 120

// print makes a paper and prints it, or shows it where there is no printer: Printed or PrintShown.
func (r *Runner) print(ctx context.Context, c kiosk.PrintReceipt) {
	answer := func(e kiosk.CaseEvent) { r.Send(kiosk.InCase{Case: c.Case, Event: e}) }
	now := r.cfg.Now()
	where := paper.Where{Desk: r.cfg.Settings.DeskName, Support: r.cfg.Papers.Support, At: now}
	if s := r.shift.Load(); s != nil {
		where.Clerk = s.staff
	}
	var doc paper.PDF
	press, err := paper.NewPress(r.cfg.Papers.Fonts)
	if err == nil {
		doc, err = press.Make(paper.Of(c, where), now)
	}
	if err != nil { // which does not quote the paper
		r.cfg.Log.WarnContext(ctx, "cannot make a paper", "what", string(c.What), "cause", err.Error())
		answer(kiosk.Printed{Problem: kiosk.ProblemNoPaper})
		return
	}
	defer doc.Wipe()
	to := r.cfg.Papers.Printer
	if to == "" {
		to, err = printer.Default(ctx)
	}
	if err == nil {
		err = to.Print(ctx, doc)
	}
	switch {
	case err == nil:
		answer(kiosk.Printed{})
		return
	case !errors.Is(err, printer.ErrNone) || r.cfg.Papers.Printer != "":
		r.cfg.Log.WarnContext(ctx, "cannot print", "what", string(c.What), "cause", err.Error())
		answer(kiosk.Printed{Problem: kiosk.ProblemPrinter})
		return
	}
	pages, err := printer.Pages(ctx, doc, shownDots)
	if err != nil {
		r.cfg.Log.WarnContext(ctx, "cannot show a paper", "what", string(c.What), "cause", err.Error())
		answer(kiosk.Printed{Problem: kiosk.ProblemNoPaper})
		return
	}
	answer(kiosk.PrintShown{Pages: pages})
}
