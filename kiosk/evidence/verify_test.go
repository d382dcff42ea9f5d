package evidence_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/trusttest"
)

// enrolment is everything of one enrolment, honest unless a test changes it before bind.
type enrolment struct {
	state      examinetest.State
	examiner   *examine.Examiner
	files      citizencard.Files
	card       *trusttest.Authority // the certificate and the key that signs
	chain      [][]byte
	transcript transcript.Transcript
	expect     evidence.Expect
	sent       transcript.Evidence
}

func mustEnrolment(t testing.TB) *enrolment {
	t.Helper()
	e := &enrolment{state: examinetest.MustState(t)}
	e.examiner = e.state.Examiner(t)
	e.files = e.state.MustFiles(t, examinetest.Maria, nil)
	e.card = trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), e.state.Auth, trusttest.MustKey(t))
	e.chain = [][]byte{e.card.Cert.Raw, e.state.Auth.Cert.Raw, e.state.Cards.Cert.Raw}
	e.expect = expectFor(t, e.files)
	e.transcript = transcriptFor(t, e.files, e.expect)
	e.sent = transcript.Evidence{Identity: e.files.Identity, SOD: e.files.SOD, SealedPIN: sealedPIN}
	return e
}

// replace gives the enrolment other files, and the transcript their hashes and person.
func (e *enrolment) replace(t testing.TB, files citizencard.Files) {
	t.Helper()
	e.files = files
	e.sent.Identity, e.sent.SOD = files.Identity, files.SOD
	e.transcript = transcriptFor(t, files, e.expect)
}

// bind has card and desk sign the transcript, unless a test has made a JWS already, and lets the centre verify.
func (e *enrolment) bind(t testing.TB) (*evidence.Verified, error) {
	t.Helper()
	if e.sent.JWS == nil {
		e.sent.JWS = mustSign(t, e.transcript, e.chain, examinetest.SoftCard{Key: e.card.Key})
	}
	return verify(t.Context(), e.examiner, e.sent, e.expect)
}

func TestVerify(t *testing.T) {
	t.Run("OK/P-256", func(t *testing.T) {
		e := mustEnrolment(t)
		got, err := e.bind(t)
		if err != nil {
			t.Fatal(err)
		}
		if got.Level != kiosk.LevelHigh || got.Identity.Surname != examinetest.Maria.Surname || got.Transcript.Desk != e.expect.Desk {
			t.Errorf("got %v at level %q", got.Transcript.Desk, got.Level)
		}
		for _, c := range got.Checks {
			if c.Result != kiosk.Passed {
				t.Errorf("%s: %q", c.Name, c.Result)
			}
		}
	})
	t.Run("OK/RSA", func(t *testing.T) {
		e := mustEnrolment(t)
		e.card = trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), e.state.Auth, trusttest.RsaKey())
		e.chain[0] = e.card.Cert.Raw
		if _, err := e.bind(t); err != nil {
			t.Error(err)
		}
	})
	for _, curve := range []elliptic.Curve{elliptic.P384(), elliptic.P521()} {
		t.Run("OK/"+curve.Params().Name, func(t *testing.T) {
			e := mustEnrolment(t)
			key, err := ecdsa.GenerateKey(curve, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			e.card = trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), e.state.Auth, key)
			e.chain[0] = e.card.Cert.Raw
			if _, err := e.bind(t); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("OK/CivilNumberWithoutCheckDigit", func(t *testing.T) {
		e := mustEnrolment(t)
		e.expect.CivilNumber = e.expect.CivilNumber[:8]
		if _, err := e.bind(t); err != nil {
			t.Error(err)
		}
	})
}

// One thing wrong at a time; each is refused for what it is.
func TestVerify_Refused(t *testing.T) {
	other := uuid.MustParse("0199a1b2-ffff-7000-8000-000000000009")
	cases := map[string]struct {
		want   string
		change func(t *testing.T, e *enrolment)
	}{
		// What the desk signed is not what the centre knows.
		"replayed in another enrolment": {evidence.RefusedEnrolment, func(_ *testing.T, e *enrolment) { e.expect.Enrolment = other }},
		"another challenge":             {evidence.RefusedChallenge, func(_ *testing.T, e *enrolment) { e.transcript.Challenge = bytes.Repeat([]byte{7}, 32) }},
		"no challenge": {evidence.RefusedChallenge, func(_ *testing.T, e *enrolment) {
			e.transcript.Challenge, e.expect.Challenge = transcript.Bytes{}, nil
		}},
		"another desk":    {evidence.RefusedDesk, func(_ *testing.T, e *enrolment) { e.transcript.Desk = "coimbra-01" }},
		"another opening": {evidence.RefusedTime, func(_ *testing.T, e *enrolment) { e.transcript.OpenedAt = e.expect.OpenedAt.Add(time.Second) }},
		"signed before it was opened": {evidence.RefusedTime, func(_ *testing.T, e *enrolment) {
			e.transcript.SignedAt = e.expect.OpenedAt.Add(-6 * time.Minute)
		}},
		"signed in the future": {evidence.RefusedTime, func(_ *testing.T, e *enrolment) { e.transcript.SignedAt = time.Now().Add(6 * time.Minute) }},
		"another phone":        {evidence.RefusedContact, func(_ *testing.T, e *enrolment) { e.transcript.Contacts[0].Value = "+351960000001" }},
		"another channel":      {evidence.RefusedContact, func(_ *testing.T, e *enrolment) { e.transcript.Contacts[0].Channel = kiosk.Email }},
		"another proof":        {evidence.RefusedContact, func(_ *testing.T, e *enrolment) { e.transcript.Contacts[0].Proof = other }},
		"another confirmation": {evidence.RefusedContact, func(_ *testing.T, e *enrolment) {
			e.transcript.Contacts[0].ConfirmedAt = e.expect.OpenedAt
		}},
		"a contact left out": {evidence.RefusedContact, func(_ *testing.T, e *enrolment) { e.transcript.Contacts = e.transcript.Contacts[:1] }},
		"a contact twice": {evidence.RefusedContact, func(_ *testing.T, e *enrolment) {
			e.transcript.Contacts[1] = e.transcript.Contacts[0]
		}},
		"no contact":  {evidence.RefusedContact, func(_ *testing.T, e *enrolment) { e.transcript.Contacts, e.expect.Contacts = nil, nil }},
		"another PIN": {evidence.RefusedPIN, func(_ *testing.T, e *enrolment) { e.sent.SealedPIN = []byte("another") }},
		"no PIN": {evidence.RefusedPIN, func(_ *testing.T, e *enrolment) {
			h := sha256.Sum256(nil)
			e.sent.SealedPIN, e.transcript.SealedPIN = nil, h[:]
		}},
		"another kind of document": {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) { e.transcript.Document.Kind = "passport" }},
		"another country":          {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) { e.expect.Country = "ESP" }},
		"another identity file":    {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) { e.sent.Identity = examinetest.IdentityFile(examinetest.Joao) }},
		"another SOD":              {evidence.RefusedDocument, func(t *testing.T, e *enrolment) { e.sent.SOD = e.state.MustFiles(t, examinetest.Joao, nil).SOD }},
		"enrolment of somebody else": {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) {
			e.expect.CivilNumber = examinetest.Joao.Civil
		}},

		// What the person agreed to is not what the document says.
		"another number":       {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) { e.transcript.Document.Number = "99000123 7 ZZ1" }},
		"another civil number": {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) { e.transcript.Document.CivilNumber = examinetest.Joao.Civil }},
		"longer validity":      {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) { e.transcript.Document.ValidUntil.Year++ }},
		"another surname":      {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) { e.transcript.Person.Surname = "Outra" }},
		"another given name":   {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) { e.transcript.Person.GivenNames = "Outra" }},
		"another birth date":   {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) { e.transcript.Person.BirthDate.Day++ }},
		"another nationality":  {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) { e.transcript.Person.Nationality = "ESP" }},
		"another tax number":   {evidence.RefusedDocument, func(_ *testing.T, e *enrolment) { e.transcript.Person.TaxNumber = "" }},

		// The signature is not the person's.
		"another person signs": {string(kiosk.ReasonPersonMismatch), func(t *testing.T, e *enrolment) {
			e.card = trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Joao), e.state.Auth, trusttest.MustKey(t))
			e.chain[0] = e.card.Cert.Raw
		}},
		"forged authorities": {string(kiosk.ReasonChainUntrusted), func(t *testing.T, e *enrolment) {
			forged := examinetest.MustState(t)
			e.card = trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), forged.Auth, trusttest.MustKey(t))
			e.chain = [][]byte{e.card.Cert.Raw, forged.Auth.Cert.Raw, forged.Cards.Cert.Raw, forged.Root.Cert.Raw}
		}},
		"self-made certificate": {string(kiosk.ReasonChainUntrusted), func(t *testing.T, e *enrolment) {
			e.card = trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), nil, trusttest.MustKey(t))
			e.chain = [][]byte{e.card.Cert.Raw}
		}},
		"expired certificate": {string(kiosk.ReasonCertificateExpired), func(t *testing.T, e *enrolment) {
			template := examinetest.Citizen(t, examinetest.Maria)
			template.NotBefore, template.NotAfter = trusttest.Day(2020), time.Now().Add(-24*time.Hour)
			e.card = trusttest.MustIssue(t, template, e.state.Auth, trusttest.MustKey(t))
			e.chain[0] = e.card.Cert.Raw
		}},
		"signature certificate": {string(kiosk.ReasonCertificatePurpose), func(t *testing.T, e *enrolment) {
			template := examinetest.Citizen(t, examinetest.Maria)
			template.KeyUsage = x509.KeyUsageContentCommitment
			e.card = trusttest.MustIssue(t, template, e.state.Auth, trusttest.MustKey(t))
			e.chain[0] = e.card.Cert.Raw
		}},
		"revoked":           {string(kiosk.ReasonCertificateRevoked), func(_ *testing.T, e *enrolment) { e.examiner.Revocation = examinetest.Answering(trust.Revoked) }},
		"suspended":         {string(kiosk.ReasonCertificateSuspended), func(_ *testing.T, e *enrolment) { e.examiner.Revocation = examinetest.Answering(trust.Suspended) }},
		"nobody answers":    {string(kiosk.ReasonRevocationUnknown), func(_ *testing.T, e *enrolment) { e.examiner.Revocation = examinetest.Nobody }},
		"nobody to ask":     {string(kiosk.ReasonRevocationUnknown), func(_ *testing.T, e *enrolment) { e.examiner.Revocation = nil }},
		"unheard-of answer": {string(kiosk.ReasonRevocationUnknown), func(_ *testing.T, e *enrolment) { e.examiner.Revocation = examinetest.Answering("") }},
		"no trust store":    {string(kiosk.ReasonChainUntrusted), func(_ *testing.T, e *enrolment) { e.examiner.Trust = nil }},
		"another person's BI": {string(kiosk.ReasonPersonMismatch), func(t *testing.T, e *enrolment) {
			template := examinetest.Citizen(t, examinetest.Maria)
			template.Subject.SerialNumber = "BI" + examinetest.Joao.Civil
			e.card = trusttest.MustIssue(t, template, e.state.Auth, trusttest.MustKey(t))
			e.chain[0] = e.card.Cert.Raw
		}},

		// The document is not good.
		"altered identity": {string(kiosk.ReasonDataAltered), func(t *testing.T, e *enrolment) {
			files := e.files
			files.Identity = bytes.Clone(files.Identity)
			copy(files.Identity[250:], "Loja Alterada.")
			e.replace(t, files)
		}},
		"SOD by a stranger": {string(kiosk.ReasonSODUntrusted), func(t *testing.T, e *enrolment) {
			e.replace(t, examinetest.MustState(t).MustFiles(t, examinetest.Maria, nil))
		}},
		"SOD by the card": {string(kiosk.ReasonSODUntrusted), func(t *testing.T, e *enrolment) {
			files := e.files
			files.SOD = examinetest.MustSOD(t, e.card, files.DataGroups())
			e.replace(t, files)
		}},
		"SOD broken": {string(kiosk.ReasonSODInvalid), func(t *testing.T, e *enrolment) {
			files := e.files
			files.SOD = bytes.Clone(files.SOD)
			files.SOD[len(files.SOD)-1] ^= 1
			e.replace(t, files)
		}},
		"document expired": {string(kiosk.ReasonDocumentExpired), func(t *testing.T, e *enrolment) {
			expired := examinetest.Maria
			expired.Until = time.Now().AddDate(0, 0, -2).Format("02 01 2006")
			e.replace(t, e.state.MustFiles(t, expired, nil))
		}},
		"fifteen": {string(kiosk.ReasonUnderAge), func(t *testing.T, e *enrolment) {
			child := examinetest.Maria
			child.Born = time.Now().AddDate(-16, 0, 2).Format("02 01 2006")
			e.card = trusttest.MustIssue(t, examinetest.Citizen(t, child), e.state.Auth, trusttest.MustKey(t))
			e.chain[0] = e.card.Cert.Raw
			e.replace(t, e.state.MustFiles(t, child, nil))
		}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			e := mustEnrolment(t)
			tt.change(t, e)
			got, err := e.bind(t)
			var refusal *evidence.Refusal
			if got != nil || !errors.As(err, &refusal) {
				t.Fatalf("got %v, %v; want refusal", got, err)
			}
			if refusal.Reason != tt.want {
				t.Errorf("got %v, want %s", refusal, tt.want)
			}
			if want := tt.want == string(kiosk.ReasonRevocationUnknown); refusal.Temporary != want {
				t.Errorf("got Temporary %v, want %v", refusal.Temporary, want)
			}
			for _, private := range []string{examinetest.Maria.Surname, examinetest.Maria.Given, examinetest.Maria.Civil, examinetest.Joao.Surname, examinetest.Joao.Civil, "+3519"} {
				if strings.Contains(err.Error(), private) {
					t.Errorf("the error names a person: %v", err)
				}
			}
		})
	}
}

// general is the JWS as JSON, for tests that put it wrong.
type general struct {
	Payload    string      `json:"payload"`
	Signatures []signature `json:"signatures"`
}

type signature struct {
	Protected string `json:"protected"`
	Signature string `json:"signature"`
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// mustJWS signs any header and payload with the card's key, as a forger with a good card could, and honestly with the
// desk's.
func mustJWS(t *testing.T, e *enrolment, header string, payload []byte) []byte {
	t.Helper()
	return mustJSON(t, general{b64(payload), []signature{signedWith(t, e.card, header, payload), byDesk(t, payload)}})
}

// signedWith is a signature with any key under any header.
func signedWith(t *testing.T, signer *trusttest.Authority, header string, payload []byte) signature {
	t.Helper()
	digest := sha256.Sum256([]byte(b64([]byte(header)) + "." + b64(payload)))
	s, err := examinetest.SoftCard{Key: signer.Key}.SignDigest(t.Context(), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signature{b64([]byte(header)), b64(s)}
}

func byDesk(t *testing.T, payload []byte) signature {
	t.Helper()
	_, desk := mustDesk(t)
	return signedWith(t, desk, `{"alg":"ES256","typ":"balcao-desk","x5c":`+x5c(desk.Cert.Raw)+`}`, payload)
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func x5c(chain ...[]byte) string {
	var parts []string
	for _, der := range chain {
		parts = append(parts, `"`+base64.StdEncoding.EncodeToString(der)+`"`)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func TestVerify_JWS(t *testing.T) {
	base := mustEnrolment(t)
	payload, err := base.transcript.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := base.bind(t); err != nil {
		t.Fatal(err)
	}
	header := func(alg, rest string) string {
		return `{"alg":"` + alg + `","typ":"balcao-citizen","x5c":` + x5c(base.chain...) + rest + `}`
	}
	var parsed general
	if err := json.Unmarshal(base.sent.JWS, &parsed); err != nil {
		t.Fatal(err)
	}
	changed := func(change func(*general)) []byte {
		g := parsed
		g.Signatures = slices.Clone(parsed.Signatures)
		change(&g)
		return mustJSON(t, g)
	}
	other := trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), base.state.Auth, trusttest.MustKey(t))
	forged := base.transcript
	forged.Person.Surname = "Falsa"
	forgedPayload, err := forged.Encode()
	if err != nil {
		t.Fatal(err)
	}
	p384key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384 := trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), base.state.Auth, p384key)
	weakKey := mustWeakRSA(t)
	weak := trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), base.state.Auth, weakKey)

	cases := map[string]struct {
		jws  []byte
		want string
	}{
		"same by hand":      {mustJWS(t, base, header("ES256", ""), payload), ""},
		"empty":             {nil, evidence.RefusedSignature},
		"garbage":           {[]byte("garbage"), evidence.RefusedSignature},
		"forged transcript": {changed(func(g *general) { g.Payload = b64(forgedPayload) }), evidence.RefusedSignature},
		"forged signature": {changed(func(g *general) {
			g.Signatures[0].Signature = b64(make([]byte, 64))
		}), evidence.RefusedSignature},
		"exchanged certificate": {changed(func(g *general) {
			g.Signatures[0].Protected = b64([]byte(`{"alg":"ES256","typ":"balcao-citizen","x5c":` + x5c(other.Cert.Raw) + `}`))
		}), evidence.RefusedSignature},
		"alg none":         {mustJWS(t, base, header("none", ""), payload), evidence.RefusedSignature},
		"alg HS256":        {mustJWS(t, base, header("HS256", ""), payload), evidence.RefusedSignature},
		"alg RS256":        {mustJWS(t, base, header("RS256", ""), payload), evidence.RefusedSignature},
		"alg PS256":        {mustJWS(t, base, header("PS256", ""), payload), evidence.RefusedSignature},
		"unencoded":        {mustJWS(t, base, header("ES256", `,"b64":false,"crit":["b64"]`), payload), evidence.RefusedSignature},
		"own key":          {mustJWS(t, base, header("ES256", `,"jwk":{}`), payload), evidence.RefusedSignature},
		"alg twice":        {mustJWS(t, base, `{"alg":"none",`+header("ES256", "")[1:], payload), evidence.RefusedSignature},
		"spaces":           {mustJWS(t, base, " "+header("ES256", ""), payload), evidence.RefusedSignature},
		"another role":     {mustJWS(t, base, strings.Replace(header("ES256", ""), "citizen", "clerk", 1), payload), evidence.RefusedSignature},
		"no certificate":   {mustJWS(t, base, `{"alg":"ES256","typ":"balcao-citizen","x5c":[]}`, payload), evidence.RefusedSignature},
		"no signature":     {changed(func(g *general) { g.Signatures = []signature{} }), evidence.RefusedDesk},
		"three signatures": {changed(func(g *general) { g.Signatures = append(g.Signatures, g.Signatures[0]) }), evidence.RefusedSignature},
		"trailing":         {append(bytes.Clone(base.sent.JWS), ' '), evidence.RefusedSignature},
		"unprotected":      {bytes.Replace(base.sent.JWS, []byte(`"protected"`), []byte(`"header":{},"protected"`), 1), evidence.RefusedSignature},
		"case of a field":  {bytes.Replace(base.sent.JWS, []byte(`"payload"`), []byte(`"Payload"`), 1), evidence.RefusedSignature},
		"not a transcript": {mustJWS(t, base, header("ES256", ""), []byte(`{"v":2}`)), evidence.RefusedForm},
		"transcript with more": {mustJWS(t, base, header("ES256", ""),
			append(bytes.Clone(payload[:len(payload)-1]), `,"more":1}`...)), evidence.RefusedForm},
		"field twice": {mustJWS(t, base, header("ES256", ""), append([]byte(`{"v":2,`), payload[1:]...)), evidence.RefusedForm},
		"version 1":   {mustJWS(t, base, header("ES256", ""), bytes.Replace(payload, []byte(`"v":2`), []byte(`"v":1`), 1)), evidence.RefusedForm},
		"P-384": {mustJWS(t, &enrolment{card: &trusttest.Authority{Key: base.card.Key}},
			`{"alg":"ES384","typ":"balcao-citizen","x5c":`+x5c(p384.Cert.Raw)+`}`, payload), evidence.RefusedSignature},
		"RSA of 1024 bits": {mustJWS(t, &enrolment{card: &trusttest.Authority{Key: weakKey}},
			`{"alg":"RS256","typ":"balcao-citizen","x5c":`+x5c(weak.Cert.Raw)+`}`, payload), evidence.RefusedSignature},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			sent := base.sent
			sent.JWS = tt.jws
			got, err := verify(t.Context(), base.examiner, sent, base.expect)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var refusal *evidence.Refusal
			if got != nil || !errors.As(err, &refusal) || refusal.Reason != tt.want {
				t.Errorf("got %v, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// Any JOSE library verifies what card and desk signed; here the whole of go-jose without our own reading of it.
func TestSign_Interoperates(t *testing.T) {
	e := mustEnrolment(t)
	if _, err := e.bind(t); err != nil {
		t.Fatal(err)
	}
	parsed, err := jose.ParseSignedJSON(string(e.sent.JWS), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(e.state.Root.Cert)
	between.AddCert(e.state.Auth.Cert)
	between.AddCert(e.state.Cards.Cert)
	chains, err := parsed.Signatures[0].Protected.Certificates(x509.VerifyOptions{
		Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(parsed.Signatures) != 2 {
		t.Fatalf("%d signatures, want the card's and the desk's", len(parsed.Signatures))
	}
	_, desk := mustDesk(t)
	if i, _, _, err := parsed.VerifyMulti(desk.Cert.PublicKey); err != nil || i != 1 {
		t.Errorf("the desk's signature: number %d, %v", i, err)
	}
	i, _, payload, err := parsed.VerifyMulti(chains[0][0].PublicKey)
	if err != nil || i != 0 {
		t.Fatalf("the card's signature: number %d, %v", i, err)
	}
	if got, err := transcript.Decode(payload); err != nil || got.Enrolment != e.expect.Enrolment {
		t.Errorf("got %v, %v", got.Enrolment, err)
	}
}

func TestSign_Refused(t *testing.T) {
	e := mustEnrolment(t)
	t.Run("ErrKeyMismatch", func(t *testing.T) {
		for name, key := range map[string]crypto.Signer{"same kind": trusttest.MustKey(t), "other kind": trusttest.RsaKey()} {
			jws, err := transcript.Sign(t.Context(), e.transcript, e.chain, examinetest.SoftCard{Key: key})
			if jws != nil || !errors.Is(err, transcript.ErrKeyMismatch) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
	t.Run("ErrKeyKind", func(t *testing.T) {
		key, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), e.state.Auth, key)
		if _, err := transcript.Sign(t.Context(), e.transcript, [][]byte{c.Cert.Raw}, examinetest.SoftCard{Key: key}); !errors.Is(err, transcript.ErrKeyKind) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ErrTranscript", func(t *testing.T) {
		agreed := e.transcript
		agreed.Version = 0
		if _, err := transcript.Sign(t.Context(), agreed, e.chain, examinetest.SoftCard{Key: e.card.Key}); !errors.Is(err, transcript.ErrForm) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ErrCard", func(t *testing.T) {
		gone := errors.New("card is gone")
		_, err := transcript.Sign(t.Context(), e.transcript, e.chain, signerFunc(func() ([]byte, error) { return nil, gone }))
		if !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
	})
}

type signerFunc func() ([]byte, error)

func (f signerFunc) SignDigest(context.Context, []byte) ([]byte, error) { return f() }

func mustWeakRSA(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func FuzzVerify(f *testing.F) {
	e := mustEnrolment(f)
	jws := mustSign(f, e.transcript, e.chain, examinetest.SoftCard{Key: e.card.Key})
	f.Add(jws)
	f.Add([]byte(`{"payload":"","signatures":[{"protected":"","signature":""}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		sent := e.sent
		sent.JWS = data
		got, err := verify(t.Context(), e.examiner, sent, e.expect)
		var refusal *evidence.Refusal
		switch {
		case err == nil && !bytes.Equal(data, jws):
			t.Fatal("a JWS that nobody signed was accepted")
		case err != nil && (got != nil || !errors.As(err, &refusal)):
			t.Fatalf("got %v, %v", got, err)
		}
	})
}
