package evidence_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"balcao/kiosk/trust/trusttest"
)

// verifyJS verifies every signature of a file with a library nobody here wrote, and nothing else: which key is whose it does
// not ask. It prints the roles in their order.
const verifyJS = `
import { compactVerify, flattenedVerify, importSPKI, importX509 } from 'jose'
import { readFileSync } from 'node:fs'
const file = JSON.parse(readFileSync('evidence.json', 'utf8'))
const roles = []
async function general(jws) {
  for (const { protected: header, signature } of jws.signatures) {
    const { protectedHeader, payload } = await flattenedVerify({ payload: jws.payload, protected: header, signature }, ({ alg, x5c }) =>
      importX509('-----BEGIN CERTIFICATE-----\n' + x5c[0].match(/.{1,64}/g).join('\n') + '\n-----END CERTIFICATE-----', alg))
    JSON.parse(new TextDecoder().decode(payload))
    roles.push(protectedHeader.typ)
  }
}
await general(file.jws)
await general(file.shift.sign_in)
await general(file.decision.jws)
const key = await importSPKI(readFileSync('record.pub', 'utf8'), 'EdDSA')
for (const record of file.records) {
  const { protectedHeader, payload } = await compactVerify(record, key)
  JSON.parse(new TextDecoder().decode(payload))
  roles.push(protectedHeader.typ)
}
console.log(roles.join(' '))
`

// TestJose has npm's jose verify every signature of a file, and refuse an altered one.
func TestJose(t *testing.T) {
	dir := t.TempDir()
	node := func(name string, args ...string) (string, error) {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := node("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "jose@5.9.6"); err != nil {
		t.Fatalf("npm is needed here: %v\n%s", err, out)
	}
	o := mustOffice(t)
	o.clerk = trusttest.MustIssue(t, trusttest.StaffTemplate("F0417", "Rita Neves"), o.authority, trusttest.RsaKey())
	o.signs, o.expect.Shift.Card = o.clerk, cardOf("F0417", "clerk", o.clerk)
	o.expect.Doubt = true
	o.decided()
	a := o.file(t)
	if lines, failed := a.verify(t); len(failed) > 0 {
		t.Fatalf("%v", lines)
	}
	der, err := x509.MarshalPKIXPublicKey(a.signs.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	trusttest.MustWrite(t, dir, "record.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	script := trusttest.MustWrite(t, dir, "verify.mjs", []byte(verifyJS))
	write := func() {
		text, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		trusttest.MustWrite(t, dir, "evidence.json", text)
	}
	write()
	const want = "balcao-citizen balcao-desk balcao-staff balcao-sign-in balcao-approval balcao-record"
	if out, err := node("node", filepath.Base(script)); err != nil || out != want {
		t.Errorf("got %s, %v; want %s", out, err, want)
	}
	a.Decision.JWS = altered(t, a.Decision.JWS)
	write()
	if out, err := node("node", filepath.Base(script)); err == nil || !strings.Contains(out, "ERR_JWS_SIGNATURE_VERIFICATION_FAILED") {
		t.Errorf("an altered signature: got %s, %v", out, err)
	}
}
