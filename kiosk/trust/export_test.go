package trust

import "balcao/kiosk/trust/cms"

// What stands under a signature is parsed only after that was verified, so fuzzing reaches it from here.

// ParseGroupHashes reads an LDSSecurityObject as ReadTravelSOD does.
func ParseGroupHashes(der []byte) (GroupHashes, error) {
	return parseSecurityObject(der, travelDigestHashes)
}

// ParseMasterList reads a CscaMasterList as ReadMasterList does.
func ParseMasterList(der []byte) ([]*cms.Certificate, error) {
	var l MasterList
	err := l.read(der)
	return l.Certificates, err
}
