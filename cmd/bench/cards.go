package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
	"balcao/cmd/internal/process"
	"balcao/kiosk"
	"balcao/kiosk/desk"
	"balcao/kiosk/examine"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/fetch"
)

// The targets.
const (
	mostBytes = 1.05 // of the theoretical minimum
	mostTime  = 0.5  // of OpenSC's
)

// CardReport is one card read over one line.
type CardReport struct {
	Card       string   `json:"card"`
	Generation string   `json:"generation"`
	Line       string   `json:"line"`
	Lengths    Lengths  `json:"lengths"`
	NoPhoto    Measured `json:"without_photo"`
	Photo      Measured `json:"with_photo"`
}

// Lengths are those of the files needed, exactly: what nobody can read less of.
type Lengths struct {
	Identity    int `json:"identity"`
	SOD         int `json:"sod"`
	Certificate int `json:"certificate"`
	Photo       int `json:"photo"`
}

// minimum is the least number of file bytes with which an identity can be verified.
func (l Lengths) minimum(photo bool) int {
	n := l.Identity + l.SOD + l.Certificate
	if photo {
		n += l.Photo
	}
	return n
}

// Measured is what one way of reading took; times are medians of milliseconds since the connection began.
type Measured struct {
	Traffic
	Minimum    int     `json:"minimum_bytes"`
	Identity   float64 `json:"ms_identity"`    // identity told to the screen
	FilesRead  float64 `json:"ms_files_read"`  // last answer of the card that the verdict needs
	Verified   float64 `json:"ms_verified"`    // last check answered, revocation included
	PhotoShown float64 `json:"ms_photo_shown"` // photograph decoded and told to the screen; 0 without
	Process    float64 `json:"ms_process"`     // `kioskctl card`, from its start to its end
	OpenSC     OpenSC  `json:"opensc"`
}

// bytesRatio is how many file bytes were read for each that is needed.
func (m Measured) bytesRatio() float64 { return float64(m.FileBytes) / float64(m.Minimum) }

// timeRatio is verified identity beside OpenSC, which verifies nothing.
func (m Measured) timeRatio() float64 { return m.Verified / m.OpenSC.Millis }

// measureCards reads each card at each speed. What was measured before an error is returned with it.
func measureCards(ctx context.Context, s *scene, dir string, much amount, say func(string, ...any)) (reports []CardReport, err error) {
	store, err := trust.Load(s.env["BALCAO_TRUST"])
	if err != nil {
		return nil, fmt.Errorf("trust folder: %w", err)
	}
	defer func() { err = errors.Join(err, s.takeOut(ctx)) }()
	for _, card := range much.cards {
		for _, speed := range much.speeds {
			say("reading %s at %s, %d runs beside OpenSC", card, speed, much.runs)
			if err := s.insert(ctx, card, speed); err != nil {
				return reports, err
			}
			m := &cardMeasure{scene: s, store: store, dir: dir, runs: much.runs}
			report, err := m.measure(ctx)
			if err != nil {
				return reports, fmt.Errorf("%s at %s: %w", card, speed, err)
			}
			report.Card, report.Line = card, speed
			reports = append(reports, report)
		}
	}
	return reports, nil
}

// cardMeasure measures the card that is in the first slot.
type cardMeasure struct {
	scene  *scene
	store  *trust.Store
	dir    string
	runs   int
	number int // of the reader, from 0, as OpenSC counts
}

// measure reads the card in both ways and lets the others do the same in turn, so that whatever else the
// machine does slows all of them.
func (m *cardMeasure) measure(ctx context.Context) (report CardReport, err error) {
	if err := m.lookAt(ctx, &report); err != nil {
		return report, err
	}
	for _, way := range []struct {
		photo bool
		into  *Measured
	}{{false, &report.NoPhoto}, {true, &report.Photo}} {
		tool, err := m.openSC(ctx, report.Generation, way.photo)
		if err != nil {
			return report, err
		}
		if *way.into, err = m.inTurn(ctx, way.photo, tool); err != nil {
			return report, err
		}
		way.into.Minimum = report.Lengths.minimum(way.photo)
		if least := way.into.Minimum; way.into.OpenSC.FileBytes < least {
			return report, fmt.Errorf("%w: %d of %d bytes", errOpenSCShort, way.into.OpenSC.FileBytes, least)
		}
	}
	return report, nil
}

// lookAt reads the card once, for what does not depend on time.
func (m *cardMeasure) lookAt(ctx context.Context, report *CardReport) error {
	r, err := m.read(ctx, true)
	report.Generation, report.Lengths = r.generation, r.lengths
	return err
}

// inTurn reads with the desk's code, with `kioskctl card` and with OpenSC, several times.
func (m *cardMeasure) inTurn(ctx context.Context, photo bool, tool tool) (Measured, error) {
	var readings []reading
	var programs, others []float64
	for range m.runs {
		r, err := m.read(ctx, photo)
		if err != nil {
			return Measured{}, err
		}
		took, err := m.process(ctx, photo)
		if err != nil {
			return Measured{}, err
		}
		_, other, err := process.Output(ctx, nil, tool.path, tool.args...)
		if err != nil {
			return Measured{}, err
		}
		readings, programs, others = append(readings, r), append(programs, millis(took)), append(others, millis(other))
	}
	result := summary(readings)
	result.Process = median(programs)
	result.OpenSC = OpenSC{Millis: median(others), Command: tool.command}
	var err error
	result.OpenSC.Traffic, err = tool.count(ctx)
	return result, err
}

// process lets `kioskctl card` read the card: like OpenSC's tools, a program that starts and ends.
func (m *cardMeasure) process(ctx context.Context, photo bool) (time.Duration, error) {
	args := []string{"card", "--json", "--allow-private-revocation", "--reader", strconv.Itoa(m.number + 1), "--trust", m.scene.env["BALCAO_TRUST"]}
	if !photo {
		args = append(args, "--no-photo")
	}
	_, took, err := process.Output(ctx, nil, m.scene.program("kioskctl"), args...)
	return took, err
}

// reading is one run of the desk's own code.
type reading struct {
	generation                                string
	lengths                                   Lengths
	traffic                                   Traffic
	identity, filesRead, verified, photoShown float64
}

func summary(all []reading) Measured {
	of := func(value func(reading) float64) float64 {
		var values []float64
		for _, r := range all {
			values = append(values, value(r))
		}
		return median(values)
	}
	return Measured{
		Traffic:    all[0].traffic,
		Identity:   of(func(r reading) float64 { return r.identity }),
		FilesRead:  of(func(r reading) float64 { return r.filesRead }),
		Verified:   of(func(r reading) float64 { return r.verified }),
		PhotoShown: of(func(r reading) float64 { return r.photoShown }),
	}
}

// read reads and verifies the card as the desk does: connection, identity, SOD, certificate,
// revocation and, if wanted, photograph. Nothing is remembered from earlier runs but the trust
// anchors, which a desk loads when it starts.
func (m *cardMeasure) read(ctx context.Context, photo bool) (reading, error) {
	w := &stopwatch{}
	r := desk.Reader{
		Examiner: &examine.Examiner{Trust: m.store, Revocation: &trust.Revocation{HTTP: fetch.Client(true)}},
		Emit:     w.note, SkipPhoto: !photo,
	}
	w.began = time.Now()
	session, number, err := firstCard(ctx)
	if err != nil {
		return reading{}, err
	}
	m.number = number
	wire := &counted{CardSession: session}
	got, outcome := r.Read(ctx, wire)
	defer got.Wipe()
	if err := errors.Join(outcome.Err, session.Close()); err != nil {
		return reading{}, fmt.Errorf("reading: %w", err)
	}
	if len(outcome.Verdict.Reasons) > 0 {
		return reading{}, fmt.Errorf("a good card was refused: %v", outcome.Verdict.Reasons)
	}
	result := w.times(photo)
	result.generation, result.lengths, result.traffic = got.Files.Generation, lengthsOf(got.Files), wire.traffic
	if photo && result.lengths.Photo == 0 {
		return reading{}, errors.New("the card has no photograph")
	}
	return result, nil
}

func lengthsOf(f citizencard.Files) Lengths {
	return Lengths{Identity: len(f.Identity), SOD: len(f.SOD), Certificate: len(f.Certificate), Photo: len(f.Photo)}
}

// errNoCard says that no reader has a card, or not yet.
var errNoCard = errors.New("no reader has a card in it")

// firstCard takes the first reader with a card, and says which it is, from 0.
func firstCard(ctx context.Context) (desk.CardSession, int, error) {
	names, err := cardreader.List(ctx)
	if err != nil {
		return nil, 0, err
	}
	for i, name := range names {
		session, err := desk.PCSC{}.Connect(ctx, name, nil)
		if errors.Is(err, cardreader.ErrRemoved) {
			continue
		}
		return session, i, err
	}
	return nil, 0, errNoCard
}

// stopwatch notes when the desk learned what. Revocation answers on a goroutine of its own.
type stopwatch struct {
	began time.Time

	mu                                                        sync.Mutex
	identity, files, original, begun, photo, checked, picture time.Time
}

func (w *stopwatch) note(e kiosk.CaseEvent) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := e.(type) {
	case kiosk.IdentityRead:
		if w.identity.IsZero() { // it may come again with the name as it is spelled
			w.identity = now
		}
	case kiosk.PINTriesRead:
		w.files = now
	case kiosk.PhotoProgress:
		if w.begun.IsZero() {
			w.begun = now
		}
		w.photo = now
	case kiosk.CheckDone:
		w.checked = now
		if e.Check.Name == kiosk.CheckChipAuthenticity {
			w.original = now
		}
	case kiosk.PhotoRead:
		w.picture = now
		if e.Photo != nil {
			clear(e.Photo.Data)
		}
	}
}

// times are in milliseconds since the start.
func (w *stopwatch) times(photo bool) reading {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := func(t time.Time) float64 { return millis(t.Sub(w.began)) }
	r := reading{identity: since(w.identity), filesRead: since(w.files), verified: since(w.checked)}
	if photo {
		r.filesRead, r.photoShown = since(w.photo), since(w.picture)
	}
	return r
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
