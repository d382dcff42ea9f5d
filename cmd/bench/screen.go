package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"balcao/cmd/internal/process"
)

// mostFirst is the target: what the desk's first screen may take of an empty window's time.
const mostFirst = 1.5

// ScreenReport compares the desk with an empty window, and tells what it draws first.
type ScreenReport struct {
	Desk  Window  `json:"desk"`
	Empty Window  `json:"empty_window"`
	Drawn []Drawn `json:"drawn"`
	Idle  float64 `json:"idle_seconds"` // that IdleCPU was taken of
}

// Window is what a program with windows costs.
type Window struct {
	Millis  float64 `json:"ms_first_screen"`  // from the start of the process; median
	IdleCPU float64 `json:"idle_cpu_percent"` // of one core
	RSSMiB  float64 `json:"rss_mib"`
}

// Drawn is when the desk had drawn what of a card, in milliseconds since the card was put in.
type Drawn struct {
	Card     string  `json:"card"`
	Line     string  `json:"line"`
	Identity float64 `json:"ms_identity"`
	Photo    float64 `json:"ms_photo"`
	First    bool    `json:"identity_before_photo"` // the photograph was not there when the identity was drawn
}

// measureScreen opens the windows in an X server of their own, with a window manager: without one, X
// gives no window the focus. What was measured before an error is returned with it.
func measureScreen(ctx context.Context, s *scene, much amount, say func(string, ...any)) (report ScreenReport, err error) {
	report.Idle = much.idle.Seconds()
	display, stopScreen, err := process.StartScreen("")
	if err != nil {
		return report, err
	}
	defer stopScreen()
	env := []string{"DISPLAY=" + display, "LIBGL_ALWAYS_SOFTWARE=1"}

	say("an empty window: %d starts, %s idle", much.starts, much.idle)
	empty := func() (*process.Process, error) { return process.Start(env, s.program("emptywindow")) }
	report.Empty, err = measureWindow(ctx, much, empty, func(l string) bool { return l == "drawn" })
	if err != nil {
		return report, err
	}
	say("the desk: %d starts, %s idle", much.starts, much.idle)
	kiosk := func() (*process.Process, error) {
		return process.Start(env, s.program("kiosk"), "-config", s.env["BALCAO_KIOSK_CONFIG"])
	}
	report.Desk, err = measureWindow(ctx, much, kiosk, func(l string) bool { _, ok := parseState(l); return ok })
	if err != nil {
		return report, err
	}
	report.Drawn, err = measureDrawn(ctx, s, display, much, kiosk, say)
	return report, err
}

// measureWindow starts a program some times and lets the last one idle.
func measureWindow(ctx context.Context, much amount, start func() (*process.Process, error), drawn func(string) bool) (w Window, err error) {
	var times []float64
	for n := range much.starts {
		p, err := start()
		if err != nil {
			return w, err
		}
		err = func() error {
			defer stop(p)
			first, _, err := p.Await(ctx, "the first picture", 0, drawn)
			if err != nil {
				return err
			}
			times = append(times, millis(first.At.Sub(p.Started)))
			if n < much.starts-1 {
				return nil
			}
			return w.measureIdle(ctx, much, p.Cmd.Process.Pid)
		}()
		if err != nil {
			return w, err
		}
	}
	w.Millis = median(times)
	return w, nil
}

func (w *Window) measureIdle(ctx context.Context, much amount, pid int) error {
	if err := sleep(ctx, much.settling); err != nil {
		return err
	}
	before, err := usageOf(pid)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := sleep(ctx, much.idle); err != nil {
		return err
	}
	after, err := usageOf(pid)
	if err != nil {
		return err
	}
	w.IdleCPU = 100 * (after.seconds - before.seconds) / time.Since(began).Seconds()
	w.RSSMiB = after.rssMiB
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drawnState is what the desk logs after it has drawn a state.
type drawnState struct {
	Message  string `json:"msg"`
	Identity bool   `json:"identity"`
	Photo    bool   `json:"photo"`
	Step     string `json:"step"`
	Shift    string `json:"shift"`
}

func parseState(text string) (drawnState, bool) {
	var s drawnState
	ok := json.Unmarshal([]byte(text), &s) == nil && s.Message == "state"
	return s, ok
}

// measureDrawn puts cards in at a desk that somebody has just signed in at, and waits for what is drawn of them.
func measureDrawn(ctx context.Context, s *scene, display string, much amount, start func() (*process.Process, error), say func(string, ...any)) (all []Drawn, err error) {
	if err := s.mock(ctx, "insert", "clerk", s.env["BALCAO_STAFF_SLOT"]); err != nil {
		return nil, err
	}
	for _, card := range much.cards {
		for _, speed := range much.speeds {
			say("the desk draws %s at %s", card, speed)
			d, err := drawCard(ctx, s, display, start, card, speed)
			if err == nil {
				err = s.takeOut(ctx)
			}
			if err != nil {
				return all, fmt.Errorf("drawing %s at %s: %w", card, speed, err)
			}
			all = append(all, d)
		}
	}
	return all, nil
}

func drawCard(ctx context.Context, s *scene, display string, start func() (*process.Process, error), card, speed string) (d Drawn, err error) {
	d = Drawn{Card: card, Line: speed}
	p, err := start()
	if err != nil {
		return d, err
	}
	defer stop(p)
	from := 0
	wait := func(ctx context.Context, what string, is func(drawnState) bool) (process.Line, error) {
		line, _, err := p.Await(ctx, what, from, func(l string) bool { state, ok := parseState(l); return ok && is(state) })
		return line, err
	}
	_, err = wait(ctx, "the staff card", func(s drawnState) bool { return s.Shift == "card" })
	if err == nil {
		err = s.signIn(ctx, display, func(ctx context.Context) error {
			_, err := wait(ctx, "an open desk", func(s drawnState) bool { return s.Shift == "open" })
			return err
		})
	}
	if err != nil {
		return d, err
	}
	from = len(p.Said())
	began := time.Now()
	if err := s.insert(ctx, card, speed); err != nil {
		return d, err
	}
	identity, err := wait(ctx, "the identity", func(s drawnState) bool { return s.Identity })
	if err != nil {
		return d, err
	}
	photo, err := wait(ctx, "the photograph", func(s drawnState) bool { return s.Photo })
	if err != nil {
		return d, err
	}
	state, _ := parseState(identity.Text)
	d.Identity, d.Photo, d.First = millis(identity.At.Sub(began)), millis(photo.At.Sub(began)), !state.Photo
	return d, nil
}
