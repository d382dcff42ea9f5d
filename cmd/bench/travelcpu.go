package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"balcao/cardreader/travel"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/icao"
)

const paceCard = "passport-no-originality" // PACE-GM, AES-128, brainpoolP256r1

// TravelCPU is the processor time of what a desk computes, user and system; the chip computes elsewhere.
type TravelCPU struct {
	PACE     float64      `json:"ms_pace"`      // one PACE-GM over brainpoolP256r1, its commands included
	PACEWall float64      `json:"ms_pace_wall"` // from the first command to the last answer
	Passive  []PassiveCPU `json:"passive"`
}

// PassiveCPU is one passive authentication: SOD, hashes of DG1 and DG2, document signer, country signing CA.
type PassiveCPU struct {
	Card   string  `json:"card"`
	Keys   string  `json:"keys"` // of the signer, then of those above it: "P-256, RSA-4096"
	Millis float64 `json:"ms"`
}

// measurePACE opens one chip over and over.
func (m *travelMeasure) measurePACE(ctx context.Context) (err error) {
	m.say("processor time of PACE, %d runs", m.much.paces)
	if err := m.scene.insert(ctx, paceCard, "full"); err != nil {
		return err
	}
	zone, err := m.zone(paceCard)
	if err != nil {
		return err
	}
	password, err := passwordOf(zone)
	if err != nil {
		return err
	}
	defer password.Wipe()
	session, _, err := firstCard(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close(), m.scene.takeOut(ctx)) }()
	return session.Exclusive(ctx, func(ctx context.Context) error {
		chip, err := recognise(ctx, session, true)
		if err != nil {
			return err
		}
		defer chip.Close()
		began := time.Now()
		m.report.CPU.PACE, err = processorTime(m.much.paces, func() error {
			opened, err := chip.Unlock(ctx, password)
			if err == nil && (opened.Mechanism != "PACE-GM" || opened.Curve != "brainpoolP256r1") {
				err = fmt.Errorf("%s opened with %s over %s", paceCard, opened.Mechanism, opened.Curve)
			}
			return err
		})
		m.report.CPU.PACEWall = millis(time.Since(began)) / float64(m.much.paces)
		return err
	})
}

// measurePassive verifies what was read of each chip.
func (m *travelMeasure) measurePassive(context.Context) error {
	m.say("processor time of passive authentication, %d runs", m.much.passives)
	seen := map[string]bool{}
	for _, way := range m.much.chips {
		files, read := m.files[way.card]
		if seen[way.card] || !read {
			continue
		}
		seen[way.card] = true
		keys := ""
		took, err := processorTime(m.much.passives, func() error {
			chain, err := passive(files, m.countries)
			if err == nil {
				keys = keysOf(chain)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", way.card, err)
		}
		m.report.CPU.Passive = append(m.report.CPU.Passive, PassiveCPU{Card: way.card, Keys: keys, Millis: took})
	}
	return nil
}

// passive is passive authentication (Doc 9303-11 §5.1) without the question of revocation. It returns the chain from the
// document signer to the country's anchor.
func passive(files chipFiles, countries *country.Authorities) ([]*icao.Certificate, error) {
	object, err := country.ReadSOD(files.sod)
	if err != nil {
		return nil, err
	}
	zone, _ := travel.DG1.DataGroup()
	face, _ := travel.DG2.DataGroup()
	if differ := object.Match(map[int][]byte{zone: files.dg1, face: files.dg2}); len(differ) > 0 {
		return nil, fmt.Errorf("data groups %v are not what was signed", differ)
	}
	return countries.TrustSigner(object, time.Now())
}

// keysOf names the keys of a chain.
func keysOf(chain []*icao.Certificate) string {
	var names []string
	for _, c := range chain {
		var name string
		switch key, err := c.PublicKey(); key := key.(type) {
		case *rsa.PublicKey:
			name = fmt.Sprintf("RSA-%d", key.N.BitLen())
		case *icao.PSSPublicKey:
			name = fmt.Sprintf("RSA-PSS-%d", key.N.BitLen())
		case *ecdsa.PublicKey:
			name = key.Params().Name
		default:
			name = fmt.Sprint(err)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// processorTime does something some times and returns what each took of a processor, in milliseconds.
func processorTime(times int, do func() error) (float64, error) {
	before, err := processorUsed()
	if err != nil {
		return 0, err
	}
	for range times {
		if err := do(); err != nil {
			return 0, err
		}
	}
	after, err := processorUsed()
	return millis(after-before) / float64(times), err
}

// processorUsed is what this process has used, on all its threads.
func processorUsed() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("reading processor time: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
