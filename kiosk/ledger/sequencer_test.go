package ledger_test

import (
	"testing"

	"balcao/kiosk/ledger"
)

func TestProof(t *testing.T) {
	c := newCentre(t)
	c.db.Desk("loja_1")
	c.start(c.config("r1"))
	register := c.person(1)
	c.sequenced()
	id, leaf, err := ledger.Find(t.Context(), c.admin, "key_event", "1")
	c.check(err)
	proof, err := ledger.Prove(t.Context(), c.admin, id)
	c.check(err)
	if err := ledger.VerifyProof(proof, leaf.Bytes(), c.verifier); err != nil {
		t.Error(err)
	}
	_ = register
	t.Logf("%s\n%s", leaf.Bytes(), proof)
	_, leaf, err = ledger.Find(t.Context(), c.admin, "key", "1")
	t.Logf("%s", leaf.Bytes())
	t.Log(c.log.String())
}
