using System.Net;
using System.Security.Cryptography;

namespace Mantle.Service.Tests.Attestation;

public sealed class AttestationTests : IDisposable
{
    private readonly FakeBroker broker = new();
    private readonly RunningService service;

    public AttestationTests() => service = RunningService.StartWith(["--attestation", broker.Path]);

    public void Dispose()
    {
        service.Dispose();
        broker.Dispose();
    }

    [Fact]
    public async Task The_document_comes_as_it_is_for_the_key_of_the_connection()
    {
        broker.Answer = _ => FakeBroker.Ok("document"u8);
        using HttpResponseMessage answer = await service.Client.GetAsync("/.well-known/attestation?nonce=00ffAA");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/cose; cose-type=\"cose-sign1\"", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("document"u8.ToArray(), await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        byte[] key = SHA256.HashData(service.Certificate!.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal([1, .. key, 3, 0x00, 0xff, 0xaa], Assert.Single(broker.Requests));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?")]
    [InlineData("?nonce=")]
    [InlineData("?nonce=0")]
    [InlineData("?nonce=0g")]
    [InlineData("?nonce=%2500")]
    [InlineData("?nonce=00&x=1")]
    [InlineData("?x=1&nonce=00")]
    [InlineData("?NONCE=00")]
    [InlineData("?nonce=00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000")]
    public async Task A_request_without_one_sound_nonce_is_refused_before_the_broker_hears_of_it(string query)
    {
        using HttpResponseMessage answer = await service.Client.GetAsync("/.well-known/attestation" + query);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(broker.Requests);
    }

    [Theory]
    [InlineData(429, 1, 0, 0, 0, 0)]
    [InlineData(503, 2, 0, 0, 0, 0)]
    [InlineData(503, 3, 0, 0, 0, 0)]
    [InlineData(503, 4, 0, 0, 0, 0)] // no such status
    [InlineData(503, 2, 0, 0, 0, 1, 7)] // a document where there is none
    [InlineData(503, 0, 0, 0, 0, 0)] // none where there is one
    [InlineData(503, 0, 0xff, 0xff, 0xff, 0xff)]
    [InlineData(503, 0, 0, 0, 0x40, 1)] // a byte too long
    [InlineData(503, 0, 0, 0, 0, 9, 1, 2)] // ends early
    [InlineData(503, 0, 0, 0)]
    [InlineData(503)]
    public async Task Whatever_else_the_broker_says_has_its_status(int status, params int[] said)
    {
        broker.Answer = _ => [.. said.Select(number => (byte)number)];
        using HttpResponseMessage answer = await service.Client.GetAsync("/.well-known/attestation?nonce=00");
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(status == 429, answer.Headers.RetryAfter is not null);

        broker.Answer = _ => FakeBroker.Ok("document"u8);
        Assert.Equal("document", await service.Client.GetStringAsync("/.well-known/attestation?nonce=00"));
    }

    [Fact]
    public async Task Without_a_broker_there_is_no_document()
    {
        broker.Stop();
        using HttpResponseMessage gone = await service.Client.GetAsync("/.well-known/attestation?nonce=00");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, gone.StatusCode);

        using RunningService none = RunningService.StartWith([]);
        using HttpResponseMessage never = await none.Client.GetAsync("/.well-known/attestation?nonce=00");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, never.StatusCode);
    }
}
