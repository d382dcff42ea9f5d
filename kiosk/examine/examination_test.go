package examine_test

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
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/trusttest"
)

// mustCard is a person's whole card and the key in it.
func mustCard(t testing.TB, s examinetest.State, p examinetest.Person) (citizencard.Files, *trusttest.Authority) {
	t.Helper()
	files := s.MustFiles(t, p, []byte("photograph"))
	holder := trusttest.MustIssue(t, examinetest.Citizen(t, p), s.Auth, trusttest.MustKey(t))
	files.Certificate = holder.Cert.Raw
	return files, holder
}

// What a check needs arrives in any order and in pieces; the verdict is the same, each check is
// reported once, and before the signature only the key is missing.
func TestExamination_Progress(t *testing.T) {
	s := examinetest.MustState(t)
	v := s.Examiner(t)
	files, holder := mustCard(t, s, examinetest.Maria)

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
	if got := examinetest.Check(t, ex.Verdict(), kiosk.CheckSamePerson).Result; got != kiosk.Pending {
		t.Errorf("same person before there is one: %q", got)
	}
	part.Identity = files.Identity
	ex.Update(part)
	if got := examinetest.Check(t, ex.Verdict(), kiosk.CheckAge).Result; got != kiosk.Pending {
		t.Errorf("age of a person whom nobody signed: %q", got)
	}
	if got := ex.Verdict().Identity.Surname; got != examinetest.Maria.Surname {
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
	signature, err := examinetest.SoftCard{Key: holder.Key}.SignDigest(t.Context(), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	ex.Key(digest[:], signature)
	verdict = ex.Wait()
	if verdict.Assurance.Level != kiosk.LevelHigh || len(verdict.Assurance.Missing) > 0 {
		t.Errorf("after the signature: %+v", verdict.Assurance)
	}
	slices.Sort(reported)
	all := slices.Sorted(slices.Values(examine.Order))
	if diff := cmp.Diff(all, reported); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

// One fault, one reason, whatever it makes unknowable.
func TestExamination_OneReason(t *testing.T) {
	s := examinetest.MustState(t)
	forged := examinetest.MustState(t)
	cases := map[string]struct {
		want   kiosk.Reason
		change func(t *testing.T, v *examine.Examiner, files *citizencard.Files)
	}{
		"name altered": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *examine.Examiner, f *citizencard.Files) {
			copy(f.Identity[330:], "Outra Pessoa e mais nada")
		}},
		"made older": {kiosk.ReasonDataAltered, func(t *testing.T, _ *examine.Examiner, f *citizencard.Files) {
			copy(f.Identity[578:], "07 03 2020")
		}},
		"made unreadable": {kiosk.ReasonDataAltered, func(t *testing.T, _ *examine.Examiner, f *citizencard.Files) {
			copy(f.Identity[578:], "99 99 9999")
		}},
		"letter moved between the names": {kiosk.ReasonPersonMismatch, func(_ *testing.T, _ *examine.Examiner, f *citizencard.Files) {
			clear(f.Identity[330:570])
			surname := []byte(examinetest.Maria.Surname)
			copy(f.Identity[330:], surname[:len(surname)-1])
			copy(f.Identity[450:], append(surname[len(surname)-1:], examinetest.Maria.Given...))
		}},
		"signed but unreadable": {kiosk.ReasonMalformed, func(t *testing.T, _ *examine.Examiner, f *citizencard.Files) {
			copy(f.Identity[578:], "99 99 9999")
			f.SOD = examinetest.MustSOD(t, s.Signer, f.DataGroups())
		}},
		"identity cut": {kiosk.ReasonMalformed, func(_ *testing.T, _ *examine.Examiner, f *citizencard.Files) {
			f.Identity = f.Identity[:1000]
		}},
		"photograph altered": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *examine.Examiner, f *citizencard.Files) {
			f.Photo = []byte("another face")
		}},
		"photograph removed": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *examine.Examiner, f *citizencard.Files) { f.Photo = nil }},
		"card key exchanged": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *examine.Examiner, f *citizencard.Files) {
			f.CardKey = []byte("another key")
		}},
		"SOD by a stranger": {kiosk.ReasonSODUntrusted, func(t *testing.T, _ *examine.Examiner, f *citizencard.Files) {
			f.SOD = examinetest.MustSOD(t, forged.Signer, f.DataGroups())
		}},
		"SOD of another card": {kiosk.ReasonDataAltered, func(t *testing.T, _ *examine.Examiner, f *citizencard.Files) {
			f.SOD = s.MustFiles(t, examinetest.Joao, f.Photo).SOD
		}},
		"SOD is no TLV": {kiosk.ReasonMalformed, func(_ *testing.T, _ *examine.Examiner, f *citizencard.Files) { f.SOD = f.SOD[:100] }},
		"SOD is no CMS": {kiosk.ReasonSODUnreadable, func(_ *testing.T, _ *examine.Examiner, f *citizencard.Files) { f.SOD = []byte{0x77, 0x00} }},
		"forged chain": {kiosk.ReasonChainUntrusted, func(t *testing.T, v *examine.Examiner, f *citizencard.Files) {
			f.Certificate = trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), forged.Auth, trusttest.MustKey(t)).Cert.Raw
			f.Issuers = [][]byte{forged.Auth.Cert.Raw, forged.Cards.Cert.Raw, forged.Root.Cert.Raw}
			v.Revocation = examinetest.AnswerFunc(func(*x509.Certificate) (trust.Answer, error) {
				t.Error("a stranger's addresses were asked")
				return trust.Answer{}, trust.ErrUnknown
			})
		}},
		"certificate is none": {kiosk.ReasonMalformed, func(_ *testing.T, _ *examine.Examiner, f *citizencard.Files) { f.Certificate = []byte{0x30, 0} }},
		"expired certificate": {kiosk.ReasonCertificateExpired, func(t *testing.T, v *examine.Examiner, f *citizencard.Files) {
			template := examinetest.Citizen(t, examinetest.Maria)
			template.NotBefore, template.NotAfter = trusttest.Day(2020), trusttest.Day(2021)
			f.Certificate = trusttest.MustIssue(t, template, s.Auth, trusttest.MustKey(t)).Cert.Raw
			v.Revocation = examinetest.Nobody
		}},
		"revoked": {kiosk.ReasonCertificateRevoked, func(_ *testing.T, v *examine.Examiner, _ *citizencard.Files) {
			v.Revocation = examinetest.Answering(trust.Revoked)
		}},
		"CA revoked": {kiosk.ReasonCertificateRevoked, func(_ *testing.T, v *examine.Examiner, _ *citizencard.Files) {
			v.Revocation = examinetest.AnswerFunc(func(c *x509.Certificate) (trust.Answer, error) {
				if c.IsCA {
					return trust.Answer{Status: trust.Revoked}, nil
				}
				return trust.Answer{Status: trust.Good}, nil
			})
		}},
		"CA unknown": {kiosk.ReasonRevocationUnknown, func(_ *testing.T, v *examine.Examiner, _ *citizencard.Files) {
			v.Revocation = examinetest.AnswerFunc(func(c *x509.Certificate) (trust.Answer, error) {
				if c.IsCA {
					return trust.Answer{}, trust.ErrUnknown
				}
				return trust.Answer{Status: trust.Good}, nil
			})
		}},
		"document signer revoked": {kiosk.ReasonSODUntrusted, func(t *testing.T, v *examine.Examiner, f *citizencard.Files) {
			template := *s.Signer.Cert
			template.OCSPServer = []string{"http://ocsp.test/"}
			signer := trusttest.MustIssue(t, template, s.Cards, trusttest.MustKey(t))
			f.SOD = examinetest.MustSOD(t, signer, f.DataGroups())
			v.Revocation = examinetest.AnswerFunc(func(c *x509.Certificate) (trust.Answer, error) {
				if c.Equal(signer.Cert) {
					return trust.Answer{Status: trust.Revoked}, nil
				}
				return trust.Answer{Status: trust.Good}, nil
			})
		}},
		"somebody else's certificate": {kiosk.ReasonPersonMismatch, func(t *testing.T, _ *examine.Examiner, f *citizencard.Files) {
			f.Certificate = trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Joao), s.Auth, trusttest.MustKey(t)).Cert.Raw
		}},
		"too young": {kiosk.ReasonUnderAge, func(_ *testing.T, v *examine.Examiner, _ *citizencard.Files) {
			v.Rules = kiosk.UsualRules()
			v.Rules.MinAge = 120
		}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			v := s.Examiner(t)
			files, _ := mustCard(t, s, examinetest.Maria)
			files.Identity = bytes.Clone(files.Identity)
			tt.change(t, v, &files)
			verdict := v.Check(t.Context(), examine.Document{Files: files, PINTries: 3}, nil)
			if diff := cmp.Diff([]kiosk.Reason{tt.want}, verdict.Reasons); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, examinetest.Table(verdict.Checks))
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
	s := examinetest.MustState(t)
	v := s.Examiner(t)
	files, _ := mustCard(t, s, examinetest.Maria)
	clone := examinetest.SoftCard{Key: trusttest.MustKey(t)}
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
	s := examinetest.MustState(t)
	files := s.MustFiles(t, examinetest.Maria, nil)
	files.Certificate = trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), s.Auth, trusttest.MustKey(t)).Cert.Raw
	verdict := s.Examiner(t).Check(t.Context(), examine.Document{Files: files, PINTries: 3}, nil)
	if got := examinetest.Check(t, verdict, kiosk.CheckPhotoData).Result; got != kiosk.Absent {
		t.Errorf("got %q, want absent", got)
	}
	if diff := cmp.Diff([]kiosk.CheckName{kiosk.CheckKey}, verdict.Assurance.Missing); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Cards outlive the certificates of those who signed them.
func TestExamination_SignerSinceExpired(t *testing.T) {
	s := examinetest.MustState(t)
	template := *s.Signer.Cert
	template.NotBefore, template.NotAfter = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	s.Signer = trusttest.MustIssue(t, template, s.Cards, trusttest.MustKey(t))
	for from, want := range map[string][]kiosk.Reason{
		"01 02 2024": nil,
		"01 02 2025": {kiosk.ReasonSODUntrusted}, // issued after its signer expired
	} {
		p := examinetest.Maria
		p.From = from
		files, _ := mustCard(t, s, p)
		verdict := s.Examiner(t).Check(t.Context(), examine.Document{Files: files, PINTries: 3}, nil)
		if diff := cmp.Diff(want, verdict.Reasons); diff != "" {
			t.Errorf("issued %s (-want +got):\n%s", from, diff)
		}
	}
}

func TestExamination_Dates(t *testing.T) {
	s := examinetest.MustState(t)
	today := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		born, from, until string
		want              []kiosk.Reason
	}{
		"last day":      {examinetest.Maria.Born, examinetest.Maria.From, "23 11 2026", nil},
		"day after":     {examinetest.Maria.Born, examinetest.Maria.From, "22 11 2026", []kiosk.Reason{kiosk.ReasonDocumentExpired}},
		"first day":     {examinetest.Maria.Born, "23 11 2026", examinetest.Maria.Until, nil},
		"not yet":       {examinetest.Maria.Born, "24 11 2026", examinetest.Maria.Until, []kiosk.Reason{kiosk.ReasonDocumentExpired}},
		"sixteen today": {"23 11 2010", examinetest.Maria.From, examinetest.Maria.Until, nil},
		"one day short": {"24 11 2010", examinetest.Maria.From, examinetest.Maria.Until, []kiosk.Reason{kiosk.ReasonUnderAge}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			p := examinetest.Maria
			p.Born, p.From, p.Until = tt.born, tt.from, tt.until
			files, _ := mustCard(t, s, p)
			v := s.Examiner(t)
			v.Now = func() time.Time { return today }
			verdict := v.Check(t.Context(), examine.Document{Files: files, PINTries: 3}, nil)
			if diff := cmp.Diff(tt.want, verdict.Reasons); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestExamination_SameNames(t *testing.T) {
	s := examinetest.MustState(t)
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
			p := examinetest.Maria
			p.Surname, p.Given = tt.surname, tt.given
			files, _ := mustCard(t, s, p)
			template := examinetest.Citizen(t, p)
			template.Subject.CommonName, template.Subject.ExtraNames = tt.cn, nil
			if tt.sn != "" {
				template.Subject.ExtraNames = []pkix.AttributeTypeAndValue{
					{Type: asn1.ObjectIdentifier{2, 5, 4, 4}, Value: tt.sn}, {Type: asn1.ObjectIdentifier{2, 5, 4, 42}, Value: tt.gn},
				}
			}
			files.Certificate = trusttest.MustIssue(t, template, s.Auth, trusttest.MustKey(t)).Cert.Raw
			verdict := s.Examiner(t).Check(t.Context(), examine.Document{Files: files, PINTries: 3}, nil)
			if got := len(verdict.Reasons) == 0; got != tt.want {
				t.Errorf("got %v, want %v: %v", got, tt.want, verdict.Reasons)
			}
		})
	}
}

func TestExamination_BirthDateInCertificate(t *testing.T) {
	s := examinetest.MustState(t)
	files, _ := mustCard(t, s, examinetest.Maria)
	other := examinetest.Maria
	other.Born = "08 03 1988"
	files.Certificate = trusttest.MustIssue(t, examinetest.Citizen(t, other), s.Auth, trusttest.MustKey(t)).Cert.Raw
	verdict := s.Examiner(t).Check(t.Context(), examine.Document{Files: files, PINTries: 3}, nil)
	if diff := cmp.Diff([]kiosk.Reason{kiosk.ReasonPersonMismatch}, verdict.Reasons); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNeedsIssuers(t *testing.T) {
	s := examinetest.MustState(t)
	v := s.Examiner(t)
	files, _ := mustCard(t, s, examinetest.Maria)
	if v.NeedsIssuers(files.Certificate) {
		t.Error("asks for issuers that the store has")
	}
	newer := trusttest.MustIssue(t, trusttest.CaTemplate("(Teste) EC de Autenticação do Cartão de Cidadão 0016"), s.Cards, trusttest.MustKey(t))
	files.Certificate = trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), newer, trusttest.MustKey(t)).Cert.Raw
	if !v.NeedsIssuers(files.Certificate) {
		t.Error("does not ask for an issuer that the store lacks")
	}
	if v.NeedsIssuers([]byte("garbage")) {
		t.Error("asks for the issuers of garbage")
	}
	files.Issuers = [][]byte{[]byte("garbage"), newer.Cert.Raw}
	verdict := v.Check(t.Context(), examine.Document{Files: files, PINTries: 3}, nil)
	if len(verdict.Reasons) > 0 {
		t.Errorf("got %v", verdict.Reasons)
	}
}

// The question of revocation ends with the case, and meanwhile nothing else waits for it.
func TestExamination_RevocationInTheBackground(t *testing.T) {
	s := examinetest.MustState(t)
	v := s.Examiner(t)
	asked := make(chan struct{})
	v.Revocation = &blocking{asked: asked}
	files, _ := mustCard(t, s, examinetest.Maria)
	ctx, cancel := context.WithCancel(t.Context())
	ex := v.Examine(ctx, nil)
	ex.Update(files)
	<-asked
	if got := examinetest.Check(t, ex.Verdict(), kiosk.CheckSamePerson).Result; got != kiosk.Passed {
		t.Errorf("same person waits for revocation: %q", got)
	}
	if got := examinetest.Check(t, ex.Verdict(), kiosk.CheckRevocation).Result; got != kiosk.Pending {
		t.Errorf("revocation has answered: %q", got)
	}
	cancel()
	if got, want := examinetest.Check(t, ex.Wait(), kiosk.CheckRevocation).Reason, kiosk.ReasonRevocationUnknown; got != want {
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
