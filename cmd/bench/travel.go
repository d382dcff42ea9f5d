package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel"
	"balcao/kiosk/desk"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/mock-pcsc/fixtures"
)

// TravelReport is what passports and residence documents cost.
type TravelReport struct {
	Chips   []ChipReport  `json:"chips"`
	AtDesk  []DeskReading `json:"at_desk"`
	CPU     TravelCPU     `json:"cpu"`
	Missing []string      `json:"missing,omitempty"` // what was left out because something is not installed
}

// travelWay is a chip of the fixtures that is read with short or extended lengths.
type travelWay struct {
	card     string
	extended bool
}

// ChipReport is DG1, SOD and DG2 read from one chip over one line.
type ChipReport struct {
	Card     string      `json:"card"`
	Line     string      `json:"line,omitempty"` // empty for a chip that is not ours, whose line nobody models
	Extended bool        `json:"extended"`       // lengths
	Access   string      `json:"access"`         // "BAC 3DES"
	ReadSize int         `json:"read_size"`      // most bytes that one read brings
	Lengths  ChipLengths `json:"lengths"`
	Opening  int         `json:"apdus_opening"` // of the APDUs, those before the first read
	Traffic
	Millis     float64     `json:"ms"` // from before the connection to the last byte; median
	MRTDReader *MRTDReader `json:"mrtdreader,omitempty"`

	access leastAccess
}

// ChipLengths are the lengths of the files.
type ChipLengths struct {
	DG1 int `json:"dg1"`
	SOD int `json:"sod"`
	DG2 int `json:"dg2"`
}

func (l ChipLengths) sum() int { return l.DG1 + l.SOD + l.DG2 }

// leastAccess is how many commands it takes at least to open a chip and be in its application.
type leastAccess int

const (
	leastBAC  leastAccess = 3 // application, challenge, authentication
	leastPACE leastAccess = 7 // EF.CardAccess, announcement, four authentications, application
)

// leastReads is the least number of commands that bring the files: each at least one, none more than the read size.
func (c ChipReport) leastReads() int {
	n := 0
	for _, length := range []int{c.Lengths.DG1, c.Lengths.SOD, c.Lengths.DG2} {
		n += (length + c.ReadSize - 1) / c.ReadSize
	}
	return n
}

func (c ChipReport) least() int { return int(c.access) + c.leastReads() }

func (c ChipReport) reads() int { return c.APDUs - c.Opening }

// travelMeasure measures travel documents.
type travelMeasure struct {
	scene     *scene
	dir       string
	much      amount
	entries   []fixtures.Entry
	countries *country.Authorities
	store     *trust.Store
	say       func(string, ...any)
	report    TravelReport
	files     map[string]chipFiles // by card, as they were read last
}

// measureTravel measures chips of ours, then one that nobody here wrote. What could not be measured keeps nothing else from
// being measured.
func measureTravel(ctx context.Context, s *scene, dir string, much amount, say func(string, ...any)) (TravelReport, error) {
	d, err := fixtures.Open()
	if err != nil {
		return TravelReport{}, fmt.Errorf("opening the fixtures: %w", err)
	}
	m := &travelMeasure{scene: s, dir: dir, much: much, entries: d.Entries(), say: say, files: map[string]chipFiles{}}
	if m.store, err = trust.Load(s.env["BALCAO_TRUST"]); err != nil {
		return TravelReport{}, fmt.Errorf("trust folder: %w", err)
	}
	if m.countries, err = country.Load(s.env["BALCAO_TRUST"]); err != nil {
		return TravelReport{}, fmt.Errorf("trust folder: %w", err)
	}
	if !hasMRTDReader() {
		m.report.Missing = append(m.report.Missing, "mrtdreader (Debian package mrtdreader) is not installed: nothing to compare with")
	}
	for _, part := range []func(context.Context) error{m.measureChips, m.measureDesk, m.measurePACE, m.measurePassive, m.measureInterop} {
		err = errors.Join(err, part(ctx))
	}
	return m.report, err
}

// measureChips reads the chips of the fixtures at each speed.
func (m *travelMeasure) measureChips(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, m.scene.takeOut(ctx)) }()
	for _, way := range m.much.chips {
		for _, speed := range m.much.speeds {
			m.say("reading %s at %s with %s lengths, %d runs", way.card, speed, lengthsName(way.extended), m.much.runs)
			if err := m.scene.insert(ctx, way.card, speed); err != nil {
				return err
			}
			zone, err := m.zone(way.card)
			if err != nil {
				return err
			}
			report, err := m.measureChip(ctx, way.card, zone, way.extended, m.much.runs)
			if err != nil {
				return fmt.Errorf("%s at %s: %w", way.card, speed, err)
			}
			report.Line = speed
			m.report.Chips = append(m.report.Chips, report)
		}
	}
	return nil
}

func lengthsName(extended bool) string {
	if extended {
		return "extended"
	}
	return "short"
}

// zone is what is printed on a document of the fixtures.
func (m *travelMeasure) zone(card string) ([]string, error) {
	i := slices.IndexFunc(m.entries, func(e fixtures.Entry) bool { return e.Name == card })
	if i < 0 || len(m.entries[i].MRZ) == 0 {
		return nil, fmt.Errorf("the fixtures have no travel document %s", card)
	}
	return m.entries[i].MRZ, nil
}

// measureChip reads the chip that is in the first slot, several times; mrtdreader in turn where it can, so that
// whatever else the machine does slows both.
func (m *travelMeasure) measureChip(ctx context.Context, card string, zone []string, extended bool, runs int) (ChipReport, error) {
	var readings []chipReading
	var others []mrtdReading
	for range runs {
		r, err := readChip(ctx, zone, extended)
		if err != nil {
			return ChipReport{}, err
		}
		readings = append(readings, r)
		if r.access != leastBAC || extended || !hasMRTDReader() {
			continue // it knows BAC and short lengths only
		}
		other, err := readMRTD(ctx, m.dir, zone)
		if err != nil {
			return ChipReport{}, err
		}
		others = append(others, other)
	}
	first := readings[0]
	m.files[card] = first.files
	report := ChipReport{
		Card: card, Extended: extended, Access: first.opened, ReadSize: first.size, Lengths: first.files.lengths(),
		Opening: first.opening, Traffic: first.traffic, access: first.access,
		Millis: medianOf(readings, func(r chipReading) float64 { return millis(r.took) }),
	}
	if len(others) > 0 {
		report.MRTDReader = &MRTDReader{
			Traffic: others[0].traffic, Millis: medianOf(others, func(r mrtdReading) float64 { return millis(r.took) }),
		}
	}
	return report, nil
}

func medianOf[T any](all []T, value func(T) float64) float64 {
	var values []float64
	for _, one := range all {
		values = append(values, value(one))
	}
	return median(values)
}

// chipFiles are the files that were read.
type chipFiles struct{ dg1, sod, dg2 []byte }

func (f chipFiles) lengths() ChipLengths {
	return ChipLengths{DG1: len(f.dg1), SOD: len(f.sod), DG2: len(f.dg2)}
}

// chipReading is one run.
type chipReading struct {
	files   chipFiles
	opened  string
	access  leastAccess
	size    int // of a read
	opening int // commands before the first read
	traffic Traffic
	took    time.Duration
}

// readChip opens the first chip there is and reads it with package travel. Nothing is remembered of earlier runs.
func readChip(ctx context.Context, zone []string, extended bool) (r chipReading, err error) {
	password, err := passwordOf(zone)
	if err != nil {
		return r, err
	}
	defer password.Wipe()
	began := time.Now()
	session, _, err := firstCard(ctx)
	if err != nil {
		return r, err
	}
	wire := &counted{CardSession: session}
	err = session.Exclusive(ctx, func(ctx context.Context) error { return r.read(ctx, wire, password, extended) })
	r.took, r.traffic = time.Since(began), wire.traffic
	r.traffic.FileBytes = r.files.lengths().sum()
	return r, errors.Join(err, session.Close())
}

// passwordOf is what a document's zone opens.
func passwordOf(zone []string) (travel.Password, error) {
	z, err := mrz.Parse(strings.Join(zone, "\n"), time.Now())
	if err != nil {
		return travel.Password{}, fmt.Errorf("machine-readable zone: %w", err)
	}
	return travel.FromMRZ(z.Key()), nil
}

func (r *chipReading) read(ctx context.Context, wire *counted, password travel.Password, extended bool) error {
	chip, err := recognise(ctx, wire, extended)
	if err != nil {
		return err
	}
	defer chip.Close()
	opened, err := chip.Unlock(ctx, password)
	if err != nil {
		return err
	}
	r.opened, r.access, r.opening = opened.Mechanism+" "+opened.Cipher, leastPACE, wire.traffic.APDUs
	if !chip.Offers().PACE {
		r.access = leastBAC
	}
	for _, f := range []struct {
		file travel.File
		into *[]byte
	}{{travel.DG1, &r.files.dg1}, {travel.SOD, &r.files.sod}, {travel.DG2, &r.files.dg2}} {
		if *f.into, err = chip.Read(ctx, f.file, nil); err != nil {
			return err
		}
	}
	r.size = chip.ReadSize()
	return nil
}

func recognise(ctx context.Context, session desk.CardSession, extended bool) (*travel.Chip, error) {
	chip, err := travel.Recognise(ctx, session, travel.Options{Extended: extended && session.Extended(), ATR: session.ATR()})
	if err != nil {
		return nil, fmt.Errorf("recognising the chip: %w", err)
	}
	return chip, nil
}
