package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"balcao/cmd/bench/load"
	"balcao/kiosk"
	"balcao/kiosk/desk"
	"balcao/kiosk/examine"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/fetch"
)

// DeskReading is when the desk learned what of a travel document; medians of milliseconds since the connection began.
// Nobody types in between: the MRZ is there before the document.
type DeskReading struct {
	Card     string  `json:"card"`
	Line     string  `json:"line"`
	APDUs    int     `json:"apdus"`       // until the photograph was there
	Identity float64 `json:"ms_identity"` // told to the screen
	Original float64 `json:"ms_original"` // whether the chip is a copy, as far as it can tell
	Photo    float64 `json:"ms_photo"`    // all of it read
	Shown    float64 `json:"ms_photo_shown"`
	First    bool    `json:"identity_before_photo"` // in all runs, the photograph had not been begun when the identity was told
}

// measureDesk reads documents as the desk does.
func (m *travelMeasure) measureDesk(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, m.scene.takeOut(ctx)) }()
	for _, card := range m.much.documents {
		zone, err := m.zone(card)
		if err != nil {
			return err
		}
		for _, speed := range m.much.speeds {
			m.say("the desk reads %s at %s, %d runs", card, speed, m.much.runs)
			if err := m.scene.insert(ctx, card, speed); err != nil {
				return err
			}
			var readings []DeskReading
			for range m.much.runs {
				r, err := m.readAtDesk(ctx, zone)
				if err != nil {
					return fmt.Errorf("%s at %s: %w", card, speed, err)
				}
				readings = append(readings, r)
			}
			m.report.AtDesk = append(m.report.AtDesk, middle(card, speed, readings))
		}
	}
	return nil
}

// middle has the medians of some readings.
func middle(card, speed string, all []DeskReading) DeskReading {
	r := DeskReading{
		Card: card, Line: speed, APDUs: all[0].APDUs, First: true,
		Identity: medianOf(all, func(r DeskReading) float64 { return r.Identity }),
		Original: medianOf(all, func(r DeskReading) float64 { return r.Original }),
		Photo:    medianOf(all, func(r DeskReading) float64 { return r.Photo }),
		Shown:    medianOf(all, func(r DeskReading) float64 { return r.Shown }),
	}
	for _, one := range all {
		r.First = r.First && one.First
	}
	return r
}

// readAtDesk lets the desk's own reader recognise, open, read and verify the document.
func (m *travelMeasure) readAtDesk(ctx context.Context, zone []string) (DeskReading, error) {
	w := &stopwatch{}
	r := desk.Reader{
		Emit: w.note,
		Examiner: &examine.Examiner{
			Trust: m.store, Revocation: &trust.Revocation{HTTP: fetch.Client(true)},
			Countries: m.countries, CountryRevocation: &country.Revocation{Authorities: m.countries, HTTP: fetch.Client(true)},
		},
	}
	w.began = time.Now()
	session, _, err := firstCard(ctx)
	if err != nil {
		return DeskReading{}, err
	}
	wire := &counted{CardSession: session}
	_, outcome := r.Read(ctx, wire)
	if outcome.Locked == nil {
		return DeskReading{}, errors.Join(load.Fault("recognising", fmt.Sprint(outcome.Verdict.Reasons), outcome.Err), session.Close())
	}
	defer outcome.Locked.Chip.Close()
	secret := desk.NewAccessSecret(kiosk.AccessMRZ, strings.Join(zone, "\n"))
	defer secret.Wipe()
	got, outcome := r.Unlock(ctx, wire, outcome.Locked, secret)
	defer got.Wipe()
	if err := errors.Join(outcome.Err, session.Close()); err != nil {
		return DeskReading{}, fmt.Errorf("reading: %w", err)
	}
	if len(outcome.Verdict.Reasons) > 0 {
		return DeskReading{}, fmt.Errorf("a good document was refused: %v", outcome.Verdict.Reasons)
	}
	reading := w.travel()
	reading.APDUs = wire.traffic.APDUs
	return reading, nil
}

// travel is what was noted of a travel document.
func (w *stopwatch) travel() DeskReading {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := func(t time.Time) float64 { return millis(t.Sub(w.began)) }
	return DeskReading{
		Identity: since(w.identity), Original: since(w.original), Photo: since(w.photo), Shown: since(w.picture),
		First: !w.identity.IsZero() && w.identity.Before(w.begun),
	}
}
