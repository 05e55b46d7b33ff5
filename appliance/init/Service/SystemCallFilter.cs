using Mantle.Init.Kernel;

namespace Mantle.Init.Service;

/// <summary>
/// A seccomp filter (seccomp(2), classic BPF over <c>struct seccomp_data</c>: number at 0, architecture at 4) that refuses what
/// no service has business with. It is a second wall: an unprivileged process may do hardly any of this anyway, but each of
/// these calls is code of the kernel that an attacker would like to reach.
/// </summary>
internal static unsafe class SystemCallFilter
{
    private const uint ArchitectureX86X64 = 0xC000003E;
    private const uint X32Bit = 0x40000000;
    private const uint Allow = 0x7FFF0000;
    private const uint KillProcess = 0x80000000;
    private const uint FailNotPermitted = 0x00050000 | 1; // EPERM

    private const uint SetSocketOption = 54;

    private const ushort LoadWord = 0x20, JumpEqual = 0x15, JumpGreaterOrEqual = 0x35, Return = 0x06;

    /// <summary>x86-64 numbers of the refused calls.</summary>
    internal static readonly uint[] Refused =
    [
        101, // ptrace
        103, // syslog
        134, // uselib
        135, // personality
        136, // ustat
        139, // sysfs
        153, // vhangup
        154, // modify_ldt
        155, // pivot_root
        156, // _sysctl
        159, // adjtimex
        161, // chroot
        163, // acct
        164, // settimeofday
        165, // mount
        166, // umount2
        167, // swapon
        168, // swapoff
        169, // reboot
        170, // sethostname
        171, // setdomainname
        172, // iopl
        173, // ioperm
        175, // init_module
        176, // delete_module
        179, // quotactl
        180, // nfsservctl
        212, // lookup_dcookie
        227, // clock_settime
        246, // kexec_load
        248, // add_key
        249, // request_key
        250, // keyctl
        256, // migrate_pages
        272, // unshare
        279, // move_pages
        298, // perf_event_open
        300, // fanotify_init
        303, // name_to_handle_at
        304, // open_by_handle_at
        305, // clock_adjtime
        308, // setns
        310, // process_vm_readv
        311, // process_vm_writev
        312, // kcmp
        313, // finit_module
        320, // kexec_file_load
        321, // bpf
        323, // userfaultfd
        425, // io_uring_setup
        426, // io_uring_enter
        427, // io_uring_register
        428, // open_tree
        429, // move_mount
        430, // fsopen
        431, // fsconfig
        432, // fsmount
        433, // fspick
        440, // process_madvise
        442, // mount_setattr
        443, // quotactl_fd
        448, // process_mrelease
    ];

    /// <summary>
    /// Level and name of the socket options that are refused: each is a way past the rules of routing that keep a user from the instance metadata. A packet
    /// with a source route goes to another address first; of a socket that is bound to a device the kernel believes that every address is on its link when the
    /// rules leave it no route (ip_route_output_key_hash_rcu).
    /// </summary>
    internal static readonly (uint Level, uint Name)[] RefusedSocketOptions =
    [
        (0, 4), // IPPROTO_IP, IP_OPTIONS
        (0, 50), // IPPROTO_IP, IP_UNICAST_IF
        (1, 25), // SOL_SOCKET, SO_BINDTODEVICE
        (1, 62), // SOL_SOCKET, SO_BINDTOIFINDEX
        (41, 76), // IPPROTO_IPV6, IPV6_UNICAST_IF
    ];

    /// <summary>The program, one instruction an element as <c>struct sock_filter</c>.</summary>
    internal static ulong[] Program()
    {
        List<ulong> program =
        [
            Instruction(LoadWord, 0, 0, 4),
            Instruction(JumpEqual, 1, 0, ArchitectureX86X64),
            Instruction(Return, 0, 0, KillProcess),
            Instruction(LoadWord, 0, 0, 0),

            // The x32 ABI would be a second set of numbers for the same calls.
            Instruction(JumpGreaterOrEqual, 0, 1, X32Bit),
            Instruction(Return, 0, 0, KillProcess),
        ];
        AddSocketOptions(program);
        for (int index = 0; index < Refused.Length; index++)
        {
            program.Add(Instruction(JumpEqual, (byte)(Refused.Length - index), 0, Refused[index]));
        }

        program.Add(Instruction(Return, 0, 0, Allow));
        program.Add(Instruction(Return, 0, 0, FailNotPermitted));
        return [.. program];
    }

    /// <summary>Both arguments are int, so their low halves count: they are at 16 + 8 * index.</summary>
    private static void AddSocketOptions(List<ulong> program)
    {
        program.Add(Instruction(JumpEqual, 0, (byte)(5 * RefusedSocketOptions.Length), SetSocketOption));
        foreach ((uint level, uint name) in RefusedSocketOptions)
        {
            program.Add(Instruction(LoadWord, 0, 0, 24));
            program.Add(Instruction(JumpEqual, 0, 3, level));
            program.Add(Instruction(LoadWord, 0, 0, 32));
            program.Add(Instruction(JumpEqual, 0, 1, name));
            program.Add(Instruction(Return, 0, 0, FailNotPermitted));
        }

        program.Add(Instruction(LoadWord, 0, 0, 0));
    }

    /// <summary>Installs it for the calling thread and all that it becomes.</summary>
    internal static void Install()
    {
        const int SetSeccomp = 22;
        const nuint ModeFilter = 2;
        ulong[] program = Program();
        fixed (ulong* instructions = program)
        {
            // struct sock_fprog: count 2, padding 6, pointer 8.
            ulong* pointer = stackalloc ulong[2] { (ulong)program.Length, (ulong)instructions };
            SystemCallException.Check(Interop.Libc.prctl(SetSeccomp, ModeFilter, (nuint)pointer, 0, 0), "PR_SET_SECCOMP");
        }
    }

    private static ulong Instruction(ushort code, byte whenTrue, byte whenFalse, uint value) =>
        code | ((ulong)whenTrue << 16) | ((ulong)whenFalse << 24) | ((ulong)value << 32);
}
