/* Ends a process at once. exit(3) runs what OpenSSL, LDAP and Kerberos clean up at the end of a process, which touches hundreds
   of pages that a process of PostgreSQL shared with its parent until then. In a virtual machine without nested paging that is
   14 of the 37 ms that a connection costs. PostgreSQL has done its own cleaning when it calls this (proc_exit). */
#include <stdio.h>
#include <unistd.h>

void exit(int status)
{
	fflush(NULL);
	_exit(status);
}
