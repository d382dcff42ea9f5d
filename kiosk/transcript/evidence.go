package transcript

// Evidence is what proves an enrolment, as bytes: a signed transcript, what the transcript has hashes of, and the chip's
// proof, which is made over the transcript or to the centre. A desk gathers it, the centre keeps it, and the registrar
// verifies it. It is personal: Wipe it.
type Evidence struct {
	JWS       []byte // general JSON serialisation, see Sign and SignAsDesk
	Identity  []byte // the identity file as read; of a travel document its data groups, one behind the other
	SOD       []byte // empty when the MRZ was typed
	SealedPIN []byte
	Proof     []byte // what the chip of a travel document answered; empty when it can prove nothing
}

// Wipe overwrites the bytes.
func (e *Evidence) Wipe() {
	for _, b := range [][]byte{e.JWS, e.Identity, e.SOD, e.SealedPIN, e.Proof} {
		clear(b)
	}
	*e = Evidence{}
}
