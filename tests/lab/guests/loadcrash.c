/* loadcrash KERNEL INITRD COMMAND-LINE: loads a kernel that is started when this one panics. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEXEC_FILE_ON_CRASH 2L

int main(int count, char **words) {
  if (count != 4) return 2;
  int kernel = open(words[1], O_RDONLY), initrd = open(words[2], O_RDONLY);
  if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(words[3]) + 1, words[3], KEXEC_FILE_ON_CRASH) == 0) return 0;
  perror("kexec_file_load");
  return 1;
}
