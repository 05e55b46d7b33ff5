extern alias unseal;

using System.Text;
using Mantle.Unseal.Configuration;
using Malformed = unseal::Mantle.Formats.Bytes.MalformedInputException;

namespace Mantle.Unseal.Tests.Configuration;

public sealed class ConfigurationTests
{
    private const string Sound = """
        {"version":1,"name":"sample","more":{},"service":{"user_id":1000,"exec":"/usr/bin/service"},"unseal":{"exec":"/usr/bin/unseal","status_port":8009,
        "kms":{"region":"us-east-1","endpoint":null,"certificates":"/etc/roots"},"files":[{"name":"token","source":"/sealed/token","version":"1"}],
        "volumes":[{"name":"weights","root_hash":"aa","version":"3","encrypted":true},{"name":"data","root_hash":"bb","version":"1","encrypted":false}]}}
        """;

    [Fact]
    public void What_the_program_needs_is_read()
    {
        UnsealConfiguration configuration = Read(Sound);
        Assert.Equal(("sample", 1000u), (configuration.Appliance, configuration.ServiceUserId));
        Assert.Equal(new KmsConfiguration("us-east-1", null, "/etc/roots"), configuration.Kms);
        Assert.Equal([new SealedFile("token", "/sealed/token", "1")], configuration.Files);
        Assert.Equal([new SealedVolume("weights", "3")], configuration.Volumes);
    }

    [Theory]
    [InlineData("\"name\":\"sample\"", "\"name\":\"\"")]
    [InlineData("\"user_id\":1000", "\"user_id\":0")]
    [InlineData("\"user_id\":1000", "\"user_id\":\"root\"")]
    [InlineData("us-east-1", "us-east-1.example/")]
    [InlineData("\"endpoint\":null", "\"endpoint\":\"http://kms.example\"")]
    [InlineData("\"endpoint\":null", "\"endpoint\":\"https://user@kms.example\"")]
    [InlineData("\"endpoint\":null", "\"endpoint\":\"https://kms.example/path\"")]
    [InlineData("\"kms\":{\"region\":\"us-east-1\",\"endpoint\":null,\"certificates\":\"/etc/roots\"}", "\"kms\":null")]
    [InlineData("\"encrypted\":true", "\"encrypted\":1")]
    [InlineData("\"name\":\"data\"", "\"name\":\"weights\"", "\"encrypted\":false", "\"encrypted\":true")]
    [InlineData("\"version\":\"3\"", "\"version\":3")]
    [InlineData("\"files\":[", "\"file\":[")]
    public void What_is_wrong_is_refused(params string[] changes)
    {
        string text = Sound;
        for (int i = 0; i < changes.Length; i += 2)
        {
            Assert.Contains(changes[i], text);
            text = text.Replace(changes[i], changes[i + 1]);
        }

        Assert.Throws<Malformed>(() => Read(text));
    }

    [Theory]
    [InlineData("us-east-1", "https://kms.us-east-1.amazonaws.com/")]
    [InlineData("cn-north-1", "https://kms.cn-north-1.amazonaws.com.cn/")]
    public void A_region_has_an_endpoint_of_its_own(string region, string endpoint) => Assert.Equal(endpoint, Unseal.Kms.KmsSettings.DefaultEndpoint(region).AbsoluteUri);

    private static UnsealConfiguration Read(string text) => UnsealConfigurationReader.Read(Encoding.UTF8.GetBytes(text));
}
