namespace Mantle.Service.Tests;

public class ServiceOptionsTests
{
    [Fact]
    public void Without_arguments_it_listens_everywhere_on_8443_and_reads_the_first_TPM()
    {
        Assert.True(ServiceOptions.TryParse([], out ServiceOptions options));
        Assert.Equal("0.0.0.0:8443", options.Listen.ToString());
        Assert.Equal("/sys/class/tpm/tpm0", options.TpmFolder);
        Assert.Null(options.Weights);
        Assert.Null(options.Attestation);
    }

    [Fact]
    public void Weights_and_the_broker_are_named_by_absolute_paths()
    {
        Assert.True(ServiceOptions.TryParse(["--weights", "/w/model.mantle", "--attestation", "/run/attest/socket"], out ServiceOptions options));
        Assert.Equal(("/w/model.mantle", "/run/attest/socket"), (options.Weights, options.Attestation));
    }

    [Theory]
    [InlineData("127.0.0.1:1", "127.0.0.1:1")]
    [InlineData("[::1]:65535", "[::1]:65535")]
    public void Listen_takes_an_address_and_a_port(string value, string expected)
    {
        Assert.True(ServiceOptions.TryParse(["--tpm-sysfs", "/t", "--listen", value], out ServiceOptions options));
        Assert.Equal(expected, options.Listen.ToString());
        Assert.Equal("/t", options.TpmFolder);
    }

    [Theory]
    [InlineData("--listen")]
    [InlineData("--listen", "8443")]
    [InlineData("--listen", "127.0.0.1")]
    [InlineData("--listen", "127.0.0.1:65536")]
    [InlineData("--listen", "localhost:8443")]
    [InlineData("--listen", "::1")]
    [InlineData("--listen", "127.0.0.1:1", "--listen", "127.0.0.1:1")]
    [InlineData("--tpm-sysfs", "relative")]
    [InlineData("--tpm-sysfs", "/a", "--tpm-sysfs", "/a")]
    [InlineData("--weights", "model")]
    [InlineData("--weights", "/a", "--weights", "/b")]
    [InlineData("--attestation", "socket")]
    [InlineData("--attestation")]
    [InlineData("--urls", "http://127.0.0.1:1")]
    [InlineData("serve")]
    [InlineData("--help")]
    public void Anything_else_is_refused(params string[] arguments) =>
        Assert.False(ServiceOptions.TryParse(arguments, out _));
}
