package kiosk

import (
	"slices"
	"time"
)

// CheckName names one verification of a document or a person.
type CheckName string

// The checks of a Citizen Card, in the order in which the clerk sees them.
const (
	CheckRecognised   CheckName = "document_recognised"    // the application on the chip is one we know
	CheckSODSignature CheckName = "sod_signature"          // the document security object is signed
	CheckSODSigner    CheckName = "sod_signer"             // by the State's document signer, under a trusted anchor
	CheckIdentityData CheckName = "identity_data"          // the identity read is the one that was signed
	CheckPhotoData    CheckName = "photo_data"             // so is the photograph
	CheckCertificate  CheckName = "certificate_chain"      // the authentication certificate chains to a trusted anchor
	CheckCertDates    CheckName = "certificate_validity"   // and is within its dates
	CheckCertPurpose  CheckName = "certificate_purpose"    // and is a citizen's authentication certificate
	CheckRevocation   CheckName = "certificate_revocation" // and is neither revoked nor suspended
	CheckSamePerson   CheckName = "same_person"            // certificate, identity file and SOD speak of one person
	CheckDocumentDate CheckName = "document_validity"      // the document is within its dates
	CheckAge          CheckName = "age"                    // the person is old enough
	CheckPINState     CheckName = "pin_state"              // the card's authentication PIN is not blocked
	CheckKey          CheckName = "key_possession"         // the card holds the certificate's private key
)

// More checks, of travel documents.
const (
	CheckAccess           CheckName = "access_control"    // the chip opened with what is printed, over a protected channel
	CheckSignerStatus     CheckName = "signer_revocation" // the document signer's certificate was not revoked
	CheckChipAuthenticity CheckName = "chip_original"     // the chip holds the key that its State signed: no copy
	CheckPrinted          CheckName = "printed_match"     // the chip's machine-readable zone is the one that was typed
	CheckDigits           CheckName = "mrz_digits"        // typed without a chip: every check digit is right
	CheckAccepted         CheckName = "document_accepted" // documents of this kind and issuer are accepted here
)

// Result is the outcome of a check. The zero value is Pending: nothing is a yes until it was answered.
type Result string

// Outcomes of a check.
const (
	Pending Result = ""
	Passed  Result = "passed"
	Failed  Result = "failed"  // the answer was no
	Unknown Result = "unknown" // no answer; never a yes
	Absent  Result = "absent"  // the document has nothing to check, for example no photograph; Reason may say what
)

// Reason says why a check failed, as a stable code that tests, logs and screens share.
type Reason string

// Reasons for which a document is refused. Each has an emulated card that fails for this reason only.
const (
	ReasonUnknownCard          Reason = "unknown_card"        // no application we know
	ReasonMalformed            Reason = "card_malformed"      // files that cannot be what they say
	ReasonRefused              Reason = "card_refused"        // the chip said no to a command that its kind carries out
	ReasonSilent               Reason = "card_silent"         // the card stopped answering
	ReasonRemoved              Reason = "card_removed"        // pulled during the work
	ReasonCardChanged          Reason = "card_changed"        // another card than the one that was read
	ReasonSODInvalid           Reason = "sod_invalid"         // the SOD's signature does not verify
	ReasonSODUnreadable        Reason = "sod_unreadable"      // the SOD is damaged, or of a kind that is not verified here
	ReasonSODUntrusted         Reason = "sod_untrusted"       // the SOD was not signed by the State's document signer
	ReasonDataAltered          Reason = "data_altered"        // a data group differs from its signed hash
	ReasonChainUntrusted       Reason = "chain_untrusted"     // the certificate does not chain to an anchor
	ReasonCertificateExpired   Reason = "certificate_expired" // or not yet valid
	ReasonCertificatePurpose   Reason = "certificate_purpose" // not an authentication certificate
	ReasonCertificateRevoked   Reason = "certificate_revoked"
	ReasonCertificateSuspended Reason = "certificate_suspended"
	ReasonRevocationUnknown    Reason = "revocation_unknown" // neither OCSP nor CRL gave an answer
	ReasonPersonMismatch       Reason = "person_mismatch"    // certificate and identity name different people
	ReasonDocumentExpired      Reason = "document_expired"
	ReasonUnderAge             Reason = "under_age"
	ReasonPINBlocked           Reason = "pin_blocked"
	ReasonKeyMismatch          Reason = "key_mismatch" // a clone: right certificate, another key

	ReasonAccessDenied     Reason = "access_denied"         // the chip does not open with this MRZ or CAN
	ReasonAccessDowngraded Reason = "access_downgraded"     // the chip says PACE and opens with the older BAC only
	ReasonAccessFailed     Reason = "access_failed"         // the protected channel broke: a wrong token or MAC, an answer in clear
	ReasonSignerRevoked    Reason = "signer_revoked"        // the document signer's certificate
	ReasonPrintedMismatch  Reason = "mrz_mismatch"          // the chip is another document's than the MRZ that was typed
	ReasonNotAccepted      Reason = "document_not_accepted" // a kind or an issuer that may not enrol here
	ReasonRevocationList   Reason = "revocation_list"       // a list in the trust folder cannot be read, so that it is not known what it revokes; the source names it
	ReasonAgeUnknown       Reason = "age_unknown"           // the document does not say when the person was born
)

// Reasons for which a check is Absent: the document offers nothing to check, which lowers the level.
const (
	ReasonNoChipAuthenticity Reason = "no_originality" // the chip has no key to prove that it is no copy
	ReasonNoChip             Reason = "no_chip"        // the machine-readable zone was typed, or the chip's files came without it
	ReasonNobodyToAsk        Reason = "nobody_to_ask"  // no list of revoked signers exists for this country
	ReasonUnenforced         Reason = "unenforced"     // the chip lets itself be read without what is printed
	ReasonNoCalendar         Reason = "no_calendar"    // the date of birth is none that a calendar has
	ReasonPhotoUnshown       Reason = "photo_unshown"  // the chip's photograph cannot be shown: the printed one was compared
)

// Check is one verification as a value: what was asked, the answer, who gave it, when, how long it
// took. What it means and what to do about it are texts keyed by Reason (or Name) in the catalogue.
type Check struct {
	Name   CheckName
	Result Result
	Reason Reason        // set when Result is Failed or Unknown, and at times when it is Absent
	Source string        // who answered: "chip", "SOD", an OCSP or CRL host, "centre", "clock"; never personal
	At     time.Time     // when the answer came
	Took   time.Duration // how long it took; zero when immediate
}

// Level is an eIDAS level of assurance (CIR (EU) 2015/1502).
type Level string

// Levels of assurance. LevelNone is not enough to enrol.
const (
	LevelNone        Level = ""
	LevelSubstantial Level = "substantial"
	LevelHigh        Level = "high"
)

// Assurance is a level and why it is not higher: the names of the checks that are missing for more.
type Assurance struct {
	Level   Level
	Missing []CheckName
}

// citizenCardChecks are the checks of a Citizen Card in the clerk's order.
var citizenCardChecks = []CheckName{
	CheckRecognised, CheckSODSignature, CheckSODSigner, CheckIdentityData, CheckPhotoData,
	CheckCertificate, CheckCertDates, CheckCertPurpose, CheckRevocation, CheckSamePerson,
	CheckDocumentDate, CheckAge, CheckPINState, CheckKey,
}

// travelChecks are the checks of a travel document's chip in the clerk's order.
var travelChecks = []CheckName{
	CheckRecognised, CheckAccess, CheckSODSignature, CheckSODSigner, CheckSignerStatus, CheckIdentityData, CheckPhotoData,
	CheckChipAuthenticity, CheckPrinted, CheckAccepted, CheckDocumentDate, CheckAge, CheckKey,
}

// typedChecks are those of a machine-readable zone that was typed, without a chip.
var typedChecks = []CheckName{CheckDigits, CheckChipAuthenticity, CheckAccepted, CheckDocumentDate, CheckAge}

// ExpectedChecks returns the checks that a document of the kind must have answered, in the order in
// which the clerk sees them. A document of an unknown kind is expected to pass those of a Citizen Card.
func ExpectedChecks(kind DocumentKind) []CheckName {
	if kind.Travel() {
		return slices.Clone(travelChecks)
	}
	return slices.Clone(citizenCardChecks)
}

// ExpectedOfTyped returns the checks of a travel document whose machine-readable zone was typed.
func ExpectedOfTyped() []CheckName { return slices.Clone(typedChecks) }

// answered reports whether every check is in and none stands in the way. The card's key is proven last,
// by the signature over what the person agreed to, and may still be pending.
func answered(checks []Check) bool {
	for _, c := range checks {
		if c.Result != Passed && c.Result != Absent && !(c.Name == CheckKey && c.Result == Pending) {
			return false
		}
	}
	return len(checks) > 0
}

// worst returns the reason to show when several checks failed: the first that was answered no, before
// the first that was not answered. A certificate under a forged chain, for example, has no revocation
// answer either, and the forgery is what matters.
func worst(checks []Check) (reason Reason, failed bool) {
	for _, result := range []Result{Failed, Unknown} {
		for _, c := range checks {
			if c.Result == result {
				return c.reason(), true
			}
		}
	}
	return "", false
}

// reason is never empty for a check that failed.
func (c Check) reason() Reason {
	if c.Reason == "" {
		return Reason(ProblemInternal)
	}
	return c.Reason
}

// failedFor reports whether a check failed for the reason.
func failedFor(checks []Check, reason Reason) bool {
	return slices.ContainsFunc(checks, func(c Check) bool {
		return (c.Result == Failed || c.Result == Unknown) && c.Reason == reason
	})
}
