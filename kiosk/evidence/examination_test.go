package evidence_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/trust"
)

// mustCard is a person's whole card and the key in it.
func mustCard(t testing.TB, s state, p person) (citizencard.Files, authority) {
	t.Helper()
	files := s.mustFiles(t, p, []byte("photograph"))
	holder := mustIssue(t, citizen(t, p), s.auth, mustECKey(t))
	files.Certificate = holder.cert.Raw
	return files, holder
}

func check(t testing.TB, verdict evidence.Verdict, name kiosk.CheckName) kiosk.Check {
	t.Helper()
	i := slices.IndexFunc(verdict.Checks, func(c kiosk.Check) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no check %s", name)
	}
	return verdict.Checks[i]
}

// What a check needs arrives in any order and in pieces; the verdict is the same, each check is
// reported once, and before the signature only the key is missing.
func TestExamination_Progress(t *testing.T) {
	s := mustState(t)
	v := s.verifier(t)
	files, holder := mustCard(t, s, maria)

	var mu sync.Mutex
	var reported []kiosk.CheckName
	ex := v.Examine(t.Context(), func(c kiosk.Check) {
		mu.Lock()
		defer mu.Unlock()
		reported = append(reported, c.Name)
		if c.Result == kiosk.Pending || c.At.IsZero() || c.Result == kiosk.Passed && c.Source == "" {
			t.Errorf("reported %+v", c)
		}
	})
	part := citizencard.Files{Generation: files.Generation, Certificate: files.Certificate}
	ex.Update(part)
	if got := check(t, ex.Verdict(), kiosk.CheckSamePerson).Result; got != kiosk.Pending {
		t.Errorf("same person before there is one: %q", got)
	}
	part.Identity = files.Identity
	ex.Update(part)
	if got := check(t, ex.Verdict(), kiosk.CheckAge).Result; got != kiosk.Pending {
		t.Errorf("age of a person whom nobody signed: %q", got)
	}
	if got := ex.Verdict().Identity.Surname; got != maria.surname {
		t.Errorf("identity is not there at once: %q", got)
	}
	ex.PIN(3)
	ex.Photo(files.Photo)
	ex.Update(files)
	ex.Update(files)

	verdict := ex.Wait()
	want := kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckKey}}
	if diff := cmp.Diff(want, verdict.Assurance); diff != "" || len(verdict.Reasons) > 0 {
		t.Errorf("before the signature: %v (-want +got):\n%s", verdict.Reasons, diff)
	}
	digest := sha256.Sum256([]byte("challenge"))
	signature, err := softCard{holder.key}.SignDigest(t.Context(), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	ex.Key(digest[:], signature)
	verdict = ex.Wait()
	if verdict.Assurance.Level != kiosk.LevelHigh || len(verdict.Assurance.Missing) > 0 {
		t.Errorf("after the signature: %+v", verdict.Assurance)
	}
	slices.Sort(reported)
	all := slices.Sorted(slices.Values(evidence.Order))
	if diff := cmp.Diff(all, reported); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

// One fault, one reason, whatever it makes unknowable.
func TestExamination_OneReason(t *testing.T) {
	s := mustState(t)
	forged := mustState(t)
	cases := map[string]struct {
		want   kiosk.Reason
		change func(t *testing.T, v *evidence.Verifier, files *citizencard.Files)
	}{
		"name altered": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *evidence.Verifier, f *citizencard.Files) {
			copy(f.Identity[330:], "Outra Pessoa e mais nada")
		}},
		"made older": {kiosk.ReasonDataAltered, func(t *testing.T, _ *evidence.Verifier, f *citizencard.Files) {
			copy(f.Identity[578:], "07 03 2020")
		}},
		"made unreadable": {kiosk.ReasonDataAltered, func(t *testing.T, _ *evidence.Verifier, f *citizencard.Files) {
			copy(f.Identity[578:], "99 99 9999")
		}},
		"letter moved between the names": {kiosk.ReasonPersonMismatch, func(_ *testing.T, _ *evidence.Verifier, f *citizencard.Files) {
			clear(f.Identity[330:570])
			surname := []byte(maria.surname)
			copy(f.Identity[330:], surname[:len(surname)-1])
			copy(f.Identity[450:], append(surname[len(surname)-1:], maria.given...))
		}},
		"signed but unreadable": {kiosk.ReasonMalformed, func(t *testing.T, _ *evidence.Verifier, f *citizencard.Files) {
			copy(f.Identity[578:], "99 99 9999")
			f.SOD = mustSOD(t, s.signer, f.DataGroups())
		}},
		"identity cut": {kiosk.ReasonMalformed, func(_ *testing.T, _ *evidence.Verifier, f *citizencard.Files) {
			f.Identity = f.Identity[:1000]
		}},
		"photograph altered": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *evidence.Verifier, f *citizencard.Files) {
			f.Photo = []byte("another face")
		}},
		"photograph removed": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *evidence.Verifier, f *citizencard.Files) { f.Photo = nil }},
		"card key exchanged": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *evidence.Verifier, f *citizencard.Files) {
			f.CardKey = []byte("another key")
		}},
		"SOD by a stranger": {kiosk.ReasonSODUntrusted, func(t *testing.T, _ *evidence.Verifier, f *citizencard.Files) {
			f.SOD = mustSOD(t, forged.signer, f.DataGroups())
		}},
		"SOD of another card": {kiosk.ReasonDataAltered, func(t *testing.T, _ *evidence.Verifier, f *citizencard.Files) {
			f.SOD = s.mustFiles(t, joao, f.Photo).SOD
		}},
		"SOD is no TLV": {kiosk.ReasonMalformed, func(_ *testing.T, _ *evidence.Verifier, f *citizencard.Files) { f.SOD = f.SOD[:100] }},
		"SOD is no CMS": {kiosk.ReasonSODUnreadable, func(_ *testing.T, _ *evidence.Verifier, f *citizencard.Files) { f.SOD = []byte{0x77, 0x00} }},
		"forged chain": {kiosk.ReasonChainUntrusted, func(t *testing.T, v *evidence.Verifier, f *citizencard.Files) {
			f.Certificate = mustIssue(t, citizen(t, maria), forged.auth, mustECKey(t)).cert.Raw
			f.Issuers = [][]byte{forged.auth.cert.Raw, forged.cards.cert.Raw, forged.root.cert.Raw}
			v.Revocation = answerFunc(func(*x509.Certificate) (trust.Answer, error) {
				t.Error("a stranger's addresses were asked")
				return trust.Answer{}, trust.ErrUnknown
			})
		}},
		"certificate is none": {kiosk.ReasonMalformed, func(_ *testing.T, _ *evidence.Verifier, f *citizencard.Files) { f.Certificate = []byte{0x30, 0} }},
		"expired certificate": {kiosk.ReasonCertificateExpired, func(t *testing.T, v *evidence.Verifier, f *citizencard.Files) {
			template := citizen(t, maria)
			template.NotBefore, template.NotAfter = years.from, years.from.AddDate(1, 0, 0)
			f.Certificate = mustIssue(t, template, s.auth, mustECKey(t)).cert.Raw
			v.Revocation = nobody
		}},
		"revoked": {kiosk.ReasonCertificateRevoked, func(_ *testing.T, v *evidence.Verifier, _ *citizencard.Files) {
			v.Revocation = answering(trust.Revoked)
		}},
		"CA revoked": {kiosk.ReasonCertificateRevoked, func(_ *testing.T, v *evidence.Verifier, _ *citizencard.Files) {
			v.Revocation = answerFunc(func(c *x509.Certificate) (trust.Answer, error) {
				if c.IsCA {
					return trust.Answer{Status: trust.Revoked}, nil
				}
				return trust.Answer{Status: trust.Good}, nil
			})
		}},
		"CA unknown": {kiosk.ReasonRevocationUnknown, func(_ *testing.T, v *evidence.Verifier, _ *citizencard.Files) {
			v.Revocation = answerFunc(func(c *x509.Certificate) (trust.Answer, error) {
				if c.IsCA {
					return trust.Answer{}, trust.ErrUnknown
				}
				return trust.Answer{Status: trust.Good}, nil
			})
		}},
		"document signer revoked": {kiosk.ReasonSODUntrusted, func(t *testing.T, v *evidence.Verifier, f *citizencard.Files) {
			template := *s.signer.cert
			template.OCSPServer = []string{"http://ocsp.test/"}
			signer := mustIssue(t, template, s.cards, mustECKey(t))
			f.SOD = mustSOD(t, signer, f.DataGroups())
			v.Revocation = answerFunc(func(c *x509.Certificate) (trust.Answer, error) {
				if c.Equal(signer.cert) {
					return trust.Answer{Status: trust.Revoked}, nil
				}
				return trust.Answer{Status: trust.Good}, nil
			})
		}},
		"somebody else's certificate": {kiosk.ReasonPersonMismatch, func(t *testing.T, _ *evidence.Verifier, f *citizencard.Files) {
			f.Certificate = mustIssue(t, citizen(t, joao), s.auth, mustECKey(t)).cert.Raw
		}},
		"too young": {kiosk.ReasonUnderAge, func(_ *testing.T, v *evidence.Verifier, _ *citizencard.Files) {
			v.Rules = kiosk.UsualRules()
			v.Rules.MinAge = 120
		}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			v := s.verifier(t)
			files, _ := mustCard(t, s, maria)
			files.Identity = bytes.Clone(files.Identity)
			tt.change(t, v, &files)
			verdict := v.Check(t.Context(), evidence.Document{Files: files, PINTries: 3}, nil)
			if diff := cmp.Diff([]kiosk.Reason{tt.want}, verdict.Reasons); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, table(verdict.Checks))
			}
			if verdict.Assurance.Level != kiosk.LevelNone && tt.want != kiosk.ReasonRevocationUnknown {
				t.Errorf("reaches level %q", verdict.Assurance.Level)
			}
			if verdict.Assurance.Level == kiosk.LevelHigh {
				t.Error("reaches the highest level")
			}
		})
	}
}

func TestExamination_Key(t *testing.T) {
	s := mustState(t)
	v := s.verifier(t)
	files, _ := mustCard(t, s, maria)
	clone := softCard{mustECKey(t)}
	ex := v.Examine(t.Context(), nil)
	digest := sha256.Sum256([]byte("challenge"))
	signature, err := clone.SignDigest(t.Context(), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	ex.Key(digest[:], signature) // before there is a certificate: nothing
	ex.Update(files)
	ex.Photo(files.Photo)
	ex.PIN(3)
	ex.Key(digest[:], signature)
	if diff := cmp.Diff([]kiosk.Reason{kiosk.ReasonKeyMismatch}, ex.Wait().Reasons); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExamination_NoPhoto(t *testing.T) {
	s := mustState(t)
	files := s.mustFiles(t, maria, nil)
	files.Certificate = mustIssue(t, citizen(t, maria), s.auth, mustECKey(t)).cert.Raw
	verdict := s.verifier(t).Check(t.Context(), evidence.Document{Files: files, PINTries: 3}, nil)
	if got := check(t, verdict, kiosk.CheckPhotoData).Result; got != kiosk.Absent {
		t.Errorf("got %q, want absent", got)
	}
	if diff := cmp.Diff([]kiosk.CheckName{kiosk.CheckKey}, verdict.Assurance.Missing); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Cards outlive the certificates of those who signed them.
func TestExamination_SignerSinceExpired(t *testing.T) {
	s := mustState(t)
	template := *s.signer.cert
	template.NotBefore, template.NotAfter = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	s.signer = mustIssue(t, template, s.cards, mustECKey(t))
	for from, want := range map[string][]kiosk.Reason{
		"01 02 2024": nil,
		"01 02 2025": {kiosk.ReasonSODUntrusted}, // issued after its signer expired
	} {
		p := maria
		p.from = from
		files, _ := mustCard(t, s, p)
		verdict := s.verifier(t).Check(t.Context(), evidence.Document{Files: files, PINTries: 3}, nil)
		if diff := cmp.Diff(want, verdict.Reasons); diff != "" {
			t.Errorf("issued %s (-want +got):\n%s", from, diff)
		}
	}
}

func TestExamination_Dates(t *testing.T) {
	s := mustState(t)
	today := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		born, from, until string
		want              []kiosk.Reason
	}{
		"last day":      {maria.born, maria.from, "23 11 2026", nil},
		"day after":     {maria.born, maria.from, "22 11 2026", []kiosk.Reason{kiosk.ReasonDocumentExpired}},
		"first day":     {maria.born, "23 11 2026", maria.until, nil},
		"not yet":       {maria.born, "24 11 2026", maria.until, []kiosk.Reason{kiosk.ReasonDocumentExpired}},
		"sixteen today": {"23 11 2010", maria.from, maria.until, nil},
		"one day short": {"24 11 2010", maria.from, maria.until, []kiosk.Reason{kiosk.ReasonUnderAge}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			p := maria
			p.born, p.from, p.until = tt.born, tt.from, tt.until
			files, _ := mustCard(t, s, p)
			v := s.verifier(t)
			v.Now = func() time.Time { return today }
			verdict := v.Check(t.Context(), evidence.Document{Files: files, PINTries: 3}, nil)
			if diff := cmp.Diff(tt.want, verdict.Reasons); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestExamination_SameNames(t *testing.T) {
	s := mustState(t)
	long := strings.Repeat("Inventada ", 6) + "Longa" // 65 characters, of which the card holds 60
	cases := map[string]struct {
		surname, given string // on the card
		sn, gn, cn     string // in the certificate; no SN and GN when empty
		want           bool
	}{
		"capitals":            {"Inventada", "Maria", "INVENTADA", "MARIA", "MARIA INVENTADA", true},
		"no diacritics":       {"Conceição", "João", "CONCEICAO", "JOAO", "JOAO CONCEICAO", true},
		"decomposed":          {"Conceição", "João", "CONCEIC\u0327A\u0303O", "JOA\u0303O", "X", true},
		"apostrophe":          {"D’Outrora", "Ana", "D'OUTRORA", "ANA", "X", true},
		"spaces":              {"da  Silva", "Ana", "DA SILVA", "ANA", "X", true},
		"common name only":    {"Inventada", "Maria", "", "", "MARIA INVENTADA", true},
		"cut off on the card": {long[:60], "Maria", strings.ToUpper(long), "MARIA", "X", true},
		"other surname":       {"Inventada", "Maria", "OUTRA", "MARIA", "MARIA INVENTADA", false},
		"other given name":    {"Inventada", "Maria", "INVENTADA", "ANA", "MARIA INVENTADA", false},
		"short prefix":        {"Inventada", "Maria", "INVENTADA DA SILVA", "MARIA", "X", false},
		"other common name":   {"Inventada", "Maria", "", "", "ANA INVENTADA", false},
		"swapped":             {"Inventada", "Maria", "MARIA", "INVENTADA", "MARIA INVENTADA", false},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			p := maria
			p.surname, p.given = tt.surname, tt.given
			files, _ := mustCard(t, s, p)
			template := citizen(t, p)
			template.Subject.CommonName, template.Subject.ExtraNames = tt.cn, nil
			if tt.sn != "" {
				template.Subject.ExtraNames = []pkix.AttributeTypeAndValue{
					{Type: asn1.ObjectIdentifier{2, 5, 4, 4}, Value: tt.sn}, {Type: asn1.ObjectIdentifier{2, 5, 4, 42}, Value: tt.gn},
				}
			}
			files.Certificate = mustIssue(t, template, s.auth, mustECKey(t)).cert.Raw
			verdict := s.verifier(t).Check(t.Context(), evidence.Document{Files: files, PINTries: 3}, nil)
			if got := len(verdict.Reasons) == 0; got != tt.want {
				t.Errorf("got %v, want %v: %v", got, tt.want, verdict.Reasons)
			}
		})
	}
}

func TestExamination_BirthDateInCertificate(t *testing.T) {
	s := mustState(t)
	files, _ := mustCard(t, s, maria)
	other := maria
	other.born = "08 03 1988"
	files.Certificate = mustIssue(t, citizen(t, other), s.auth, mustECKey(t)).cert.Raw
	verdict := s.verifier(t).Check(t.Context(), evidence.Document{Files: files, PINTries: 3}, nil)
	if diff := cmp.Diff([]kiosk.Reason{kiosk.ReasonPersonMismatch}, verdict.Reasons); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNeedsIssuers(t *testing.T) {
	s := mustState(t)
	v := s.verifier(t)
	files, _ := mustCard(t, s, maria)
	if v.NeedsIssuers(files.Certificate) {
		t.Error("asks for issuers that the store has")
	}
	newer := mustIssue(t, ca("(Teste) EC de Autenticação do Cartão de Cidadão 0016"), s.cards, mustECKey(t))
	files.Certificate = mustIssue(t, citizen(t, maria), newer, mustECKey(t)).cert.Raw
	if !v.NeedsIssuers(files.Certificate) {
		t.Error("does not ask for an issuer that the store lacks")
	}
	if v.NeedsIssuers([]byte("garbage")) {
		t.Error("asks for the issuers of garbage")
	}
	files.Issuers = [][]byte{[]byte("garbage"), newer.cert.Raw}
	verdict := v.Check(t.Context(), evidence.Document{Files: files, PINTries: 3}, nil)
	if len(verdict.Reasons) > 0 {
		t.Errorf("got %v", verdict.Reasons)
	}
}

// The question of revocation ends with the case, and meanwhile nothing else waits for it.
func TestExamination_RevocationInTheBackground(t *testing.T) {
	s := mustState(t)
	v := s.verifier(t)
	asked := make(chan struct{})
	v.Revocation = &blocking{asked: asked}
	files, _ := mustCard(t, s, maria)
	ctx, cancel := context.WithCancel(t.Context())
	ex := v.Examine(ctx, nil)
	ex.Update(files)
	<-asked
	if got := check(t, ex.Verdict(), kiosk.CheckSamePerson).Result; got != kiosk.Passed {
		t.Errorf("same person waits for revocation: %q", got)
	}
	if got := check(t, ex.Verdict(), kiosk.CheckRevocation).Result; got != kiosk.Pending {
		t.Errorf("revocation has answered: %q", got)
	}
	cancel()
	if got, want := check(t, ex.Wait(), kiosk.CheckRevocation).Reason, kiosk.ReasonRevocationUnknown; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// blocking says that it was asked, and answers nothing until the context ends.
type blocking struct {
	once  sync.Once
	asked chan struct{}
}

func (b *blocking) Check(ctx context.Context, _, _ *x509.Certificate) (trust.Answer, error) {
	b.once.Do(func() { close(b.asked) })
	<-ctx.Done()
	return trust.Answer{}, trust.ErrUnknown
}
