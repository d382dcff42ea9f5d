package main

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel"
	"balcao/cmd/bench/load"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/examine"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/seal"
	"balcao/kiosk/transcript"
	"balcao/mock-pcsc/fixtures"
)

// admitTraveller reads a travel document of the fixtures as a desk does: what goes to the centre of it, without the photograph.
func (o *office) admitTraveller(ctx context.Context, drawer *fixtures.Fixtures, name string) error {
	entries := drawer.Entries()
	i := slices.IndexFunc(entries, func(e fixtures.Entry) bool { return e.Name == name })
	card, err := drawer.Card(name)
	if err != nil {
		return err
	}
	card.PowerOn()
	v := visitor{phone: kiosktest.VisitorPhone(len(o.visitors)), enrolment: uuid.Must(uuid.NewV7())}
	if v.chip, err = travel.Recognise(ctx, kiosktest.Laid{Card: card}, travel.Options{Extended: true, ATR: card.ATR()}); err != nil {
		return fmt.Errorf("recognising: %w", err)
	}
	zone, err := mrz.Parse(strings.Join(entries[i].MRZ, "\n"), time.Now())
	if err != nil {
		return fmt.Errorf("reading the zone: %w", err)
	}
	if v.files.Access, err = v.chip.Unlock(ctx, travel.FromMRZ(zone.Key())); err != nil {
		return fmt.Errorf("opening: %w", err)
	}
	if v.files.SOD, err = v.chip.Read(ctx, travel.SOD, nil); err != nil {
		return fmt.Errorf("reading EF.SOD: %w", err)
	}
	v.files.Groups = map[int][]byte{}
	for number, file := range map[int]travel.File{1: travel.DG1, 11: travel.DG11, 14: travel.DG14, 15: travel.DG15} {
		if content, err := v.chip.Read(ctx, file, nil); err == nil { // TravelIdentity misses the first
			v.files.Groups[number] = content
		}
	}
	if v.who, err = examine.TravelIdentity(v.files, time.Now()); err != nil {
		return err
	}
	v.who.TaxNumber = taxNumber(len(o.visitors))
	v.assurance = kiosk.Assurance{Level: kiosk.LevelHigh}
	if v.sealed, err = seal.PIN(o.identity.Recipient(), v.enrolment, []byte("482913")); err != nil {
		return fmt.Errorf("sealing: %w", err)
	}
	o.visitors = append(o.visitors, v)
	return nil
}

// taxNumber is a NIF of nobody's.
func taxNumber(n int) string {
	digits := fmt.Sprintf("40%06d", n)
	for check := range 10 {
		if full := fmt.Sprint(digits, check); kiosk.CheckTaxNumber(full) {
			return full
		}
	}
	return "" // one of the ten is right, or none exists with these digits: the centre refuses it
}

// visitTraveller is a traveller's way from the challenge to the binding.
func (o *office) visitTraveller(ctx context.Context, d deskAt, v visitor) error {
	opened, err := d.Open(ctx, v.enrolment, central.Person{Document: v.who.Kind, Country: v.who.Country, DocumentNumber: v.who.DocumentNumber,
		TaxNumber: v.who.TaxNumber, Shift: d.shift.ID})
	if err != nil || opened.Refusal != "" {
		return load.Fault("opening", opened.Refusal, err)
	}
	proof, err := o.prove(ctx, d, v.enrolment, v.phone)
	if err != nil {
		return err
	}
	bundle := transcript.Evidence{Identity: examine.TravelBytes(v.files), SOD: v.files.SOD, SealedPIN: v.sealed}
	t := transcript.Statement{
		Enrolment: v.enrolment, Challenge: opened.Challenge, Desk: d.Desk(), OpenedAt: opened.OpenedAt,
		Facts: kiosk.TranscriptFacts{
			Identity: v.who, Contacts: []kiosk.ProvenContact{proof}, PhotoCompared: true, Language: kiosk.English,
			Eligibility: kiosk.Eligibility{TaxNumber: v.who.TaxNumber, Independence: kiosk.Independent,
				Address: kiosk.Seen{Kind: kiosk.SeenUtilityBill, Issuer: "Águas de Exemplo", Issued: kiosk.DateOf(time.Now())}},
			Assurance: v.assurance, At: time.Now(),
		},
		Access: examine.AccessText(v.files.Access), Evidence: bundle, Shift: d.shift.ID, Staff: d.shift.Staff,
	}.Transcript()
	if bundle.Proof, err = o.proveChip(ctx, d, v, t); err != nil {
		return err
	}
	bundle.JWS, err = transcript.SignAsDesk(t, d.cert.PrivateKey.(crypto.Signer), d.cert.Certificate)
	if err == nil {
		bundle.JWS, err = transcript.AddStaff(ctx, bundle.JWS, d.shift.Chain, d.shift)
	}
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	if _, err := d.Bind(ctx, v.enrolment, bundle, false); err != nil {
		return fmt.Errorf("binding: %w", err)
	}
	return nil
}

// proveChip has the chip prove itself in its way.
func (o *office) proveChip(ctx context.Context, d deskAt, v visitor, t transcript.Transcript) ([]byte, error) {
	switch examine.ProofOf(v.files.Groups) {
	case examine.ProofActive:
		encoded, err := t.Encode()
		if err != nil {
			return nil, fmt.Errorf("encoding the transcript: %w", err)
		}
		challenge := examine.AAChallenge(encoded)
		signature, err := v.chip.ActiveAuthenticate(ctx, challenge[:])
		return examine.ProofAA(signature), err
	case examine.ProofChip:
		q := central.ChipChallenge{State: central.ChipQueued}
		for q.State == central.ChipQueued {
			var err error
			if q, err = d.ChipChallenge(ctx, v.enrolment, v.files.Groups[14]); err != nil {
				return nil, fmt.Errorf("asking for a challenge: %w", err)
			}
			select { // a registrar makes it
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
		var send travel.ChallengeToSend
		if err := json.Unmarshal(q.Challenge, &send); err != nil {
			return nil, fmt.Errorf("the challenge to the chip: %w", err)
		}
		answer, err := v.chip.AnswerChallenge(ctx, send)
		return examine.ProofCA(answer), err
	}
	return nil, nil
}
