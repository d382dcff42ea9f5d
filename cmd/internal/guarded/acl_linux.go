package guarded

import (
	"encoding/binary"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// An access control list as Linux keeps it beside a file: a version, then entries of a tag, permissions and
// whom it is about, little-endian (linux/posix_acl_xattr.h).
const (
	aclAttribute = "system.posix_acl_access"
	aclVersion   = 2
	aclHeader    = 4
	aclEntry     = 8

	aclOwner = 0x01 // the owner, whom Secret judges by itself
	aclUser  = 0x02 // a user who is named
	aclMask  = 0x10 // the most that anybody below the owner gets; grants nothing
)

// onlyOurs reports whether a file's group bits are only the mask of a list that lets nobody but this program's user
// and root read it: systemd gives a service its credentials so, as files of root's with mode 0440.
func onlyOurs(path string) bool {
	list := make([]byte, 4096)
	n, err := unix.Getxattr(path, aclAttribute, list)
	if err != nil || n < aclHeader || (n-aclHeader)%aclEntry != 0 || binary.LittleEndian.Uint32(list) != aclVersion {
		return false
	}
	for entry := range slices.Chunk(list[aclHeader:n], aclEntry) {
		tag, grants := binary.LittleEndian.Uint16(entry), binary.LittleEndian.Uint16(entry[2:]) != 0
		whom := int(binary.LittleEndian.Uint32(entry[4:]))
		ours := tag == aclOwner || tag == aclMask || tag == aclUser && (whom == 0 || whom == os.Geteuid())
		if grants && !ours {
			return false
		}
	}
	return true
}
