// Package testpki embeds the public key infrastructure of the test bench: authorities that carry the
// names of the real ones with "(Teste)" before them, their private keys, and the keys of the
// emulated cards. Everything here is public, so nothing here proves anything: no program that
// serves real desks may import this package. `go run ./mock-pcsc/pki/generate` made it.
//
//	trust/anchors        roots, as a trust folder has them
//	trust/intermediates  authorities that a desk is given beforehand
//	trust/csca           country signing authorities of Utopia and Portugal, and a link certificate
//	issued               certificates that only cards carry: an authority nobody was given, the
//	                     document signers, and a forger's copies of all (.cer: of travel documents)
//	staff                the authority of staff cards, what it issued, and a forger's copy of one card
//	private              keys, PKCS#8 in PEM, named like their certificates
//	private/cards        keys of cards
//	portraits            faces that were drawn, never photographed (JPEG 2000 and JPEG)
//	tls                  the certificate of the bench's mail server, and its authority
package testpki

import "embed"

// FS holds the folders above.
//
//go:embed trust issued private portraits staff tls
var FS embed.FS
