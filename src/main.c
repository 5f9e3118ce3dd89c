/* SPDX-License-Identifier: Apache-2.0 */
/* The program's start. All else is the command line's (cli/cli.h). */
#include "base/mem.h"
#include "cli/cli.h"
#include "loop/fault.h"

int main(int argc, char **argv)
{
    mem_share_heap();
    mem_fault_arm();
    fault_arm();
    return cli_main(argc, argv);
}
