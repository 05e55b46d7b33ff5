using Mantle.Init.Service;

namespace Mantle.Init.Tests.Service;

public sealed class SystemCallFilterTests
{
    private const uint X86X64 = 0xC000003E;
    private const uint Allow = 0x7FFF0000, Kill = 0x80000000, NotPermitted = 0x00050001;

    [Fact]
    public void Refused_calls_fail_and_the_others_pass()
    {
        for (uint number = 0; number < 600; number++)
        {
            Assert.Equal(SystemCallFilter.Refused.Contains(number) ? NotPermitted : Allow, Run(X86X64, number));
        }
    }

    [Theory]
    [InlineData(0x40000003u, 1u)] // i386
    [InlineData(X86X64, 0x40000001u)] // x32
    [InlineData(X86X64, uint.MaxValue)]
    public void Another_set_of_numbers_ends_the_process(uint architecture, uint number) => Assert.Equal(Kill, Run(architecture, number));

    [Fact]
    public void What_every_program_needs_is_not_refused() =>
        Assert.DoesNotContain(SystemCallFilter.Refused, number => number is 0 or 1 or 9 or 10 or 56 or 57 or 59 or 202 or 231 or 435 or 439);

    [Fact]
    public void No_socket_goes_past_the_rules_of_routing()
    {
        for (uint level = 0; level < 50; level++)
        {
            for (uint option = 0; option < 100; option++)
            {
                Assert.Equal(SystemCallFilter.RefusedSocketOptions.Contains((level, option)) ? NotPermitted : Allow, Run(X86X64, 54, level, option));
            }
        }
    }

    /// <summary>The four instructions of classic BPF that the filter uses.</summary>
    private static uint Run(uint architecture, uint number, uint second = 0, uint third = 0)
    {
        uint accumulator = 0;
        ulong[] program = SystemCallFilter.Program();
        for (int at = 0; ; at++)
        {
            ulong instruction = program[at];
            ushort code = unchecked((ushort)instruction);
            byte whenTrue = unchecked((byte)(instruction >> 16)), whenFalse = unchecked((byte)(instruction >> 24));
            uint value = (uint)(instruction >> 32);
            switch (code)
            {
                case 0x20: accumulator = value switch { 0 => number, 4 => architecture, 24 => second, 32 => third, _ => throw new InvalidOperationException($"load {value}") }; break;
                case 0x15: at += accumulator == value ? whenTrue : whenFalse; break;
                case 0x35: at += accumulator >= value ? whenTrue : whenFalse; break;
                case 0x06: return value;
                default: throw new InvalidOperationException($"instruction {code:x}");
            }
        }
    }
}
