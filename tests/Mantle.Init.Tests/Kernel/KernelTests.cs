using Mantle.Init.Kernel;

namespace Mantle.Init.Tests.Kernel;

public sealed class KernelTests
{
    [Theory]
    [InlineData("quiet roothash=ab panic=-1\n", "ab")]
    [InlineData("roothash=ab", "ab")]
    [InlineData("x=\"roothash=cd y\" roothash=ab", "ab")]
    [InlineData("roothash=\"a b\"", "a b")]
    [InlineData("myroothash=cd roothashes=ef roothash=ab", "ab")]
    public void A_word_is_found_on_the_command_line(string commandLine, string value) =>
        Assert.Equal(value, KernelCommandLine.Single(commandLine, "roothash"));

    [Theory]
    [InlineData("")]
    [InlineData("roothash")]
    [InlineData("quiet \"x roothash=ab\"")]
    [InlineData("roothash=ab quiet roothash=cd")]
    [InlineData("roothash=ab roothash=ab")]
    public void A_word_that_is_missing_or_repeated_is_refused(string commandLine) =>
        Assert.Throws<InvalidDataException>(() => KernelCommandLine.Single(commandLine, "roothash"));

    [Fact]
    public void The_module_order_is_one_name_a_line() =>
        Assert.Equal(["dm-mod.ko.xz", "reed_solomon.ko"], Modules.ReadOrder("dm-mod.ko.xz\nreed_solomon.ko\n"u8));

    [Theory]
    [InlineData("../etc/x.ko")]
    [InlineData("x.so")]
    [InlineData(".ko")]
    [InlineData("a b.ko")]
    [InlineData("dm-mod.ko.xz\r")]
    public void A_line_that_is_no_module_is_refused(string line) =>
        Assert.Throws<InvalidDataException>(() => Modules.ReadOrder(System.Text.Encoding.ASCII.GetBytes(line + "\n")));

    [Theory]
    [InlineData("0019", "LNXPWRBN/button/input0", "10000000000000 0", true)]
    [InlineData("0019", "PNP0C0C/button/input0", "8000 10000000000000 0", true)] // with a wake-up key, too
    [InlineData("0019", "LNXSLPBN/button/input0", "4000 0 0", false)] // the sleep button
    [InlineData("0011", "isa0060/serio0/input0", "402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe", false)] // a keyboard with a power key
    [InlineData("0003", "LNXPWRBN/button/input0", "10000000000000 0", false)] // one on USB that lies
    [InlineData("0019", "LNXPWRBN/button/input0", "0", false)]
    [InlineData("0019", "LNXPWRBN/button/input0", "", false)]
    public void Only_the_acpi_power_button_is_one(string bus, string path, string keys, bool isOne) =>
        Assert.Equal(isOne, PowerButton.IsPowerButton(bus, path, keys));

    [Fact]
    public void Each_setting_is_written_once() =>
        Assert.Equal(Sysctls.Hardening.Length, Sysctls.Hardening.Select(setting => setting.Path).Distinct().Count());
}
