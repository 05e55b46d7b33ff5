using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mantle.Emulator.Aws;
using Mantle.Emulator.Kms.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mantle.Emulator.Kms;

/// <summary>KMS on a port of this machine: JSON 1.1 over HTTP, signed requests, KMS's errors. Keys live as long as it does.</summary>
public sealed class KmsEndpoint : IAsyncDisposable
{
    private const string TargetPrefix = "TrentService.";

    private readonly WebApplication _application;
    private readonly KmsOptions _options;
    private readonly ConcurrentQueue<KmsCall> _calls = new();

    private KmsEndpoint(WebApplication application, KmsOptions options)
    {
        _application = application;
        _options = options;
        Service = new(options);
    }

    /// <summary>What the SDK has to be given as ServiceURL.</summary>
    public string Url { get; private set; } = "";

    /// <summary>The keys, and the same operations without HTTP.</summary>
    public KmsService Service { get; }

    /// <summary>What is to go wrong.</summary>
    public KmsFaults Faults { get; } = new();

    /// <summary>Every call so far.</summary>
    public IReadOnlyList<KmsCall> Calls => [.. _calls];

    /// <summary>Starts to listen.</summary>
    public static async Task<KmsEndpoint> StartAsync(KmsOptions options)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Address, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                if (options.Certificate is { } certificate)
                {
                    listen.UseHttps(certificate);
                }
            });
        });
        WebApplication application = builder.Build();
        KmsEndpoint endpoint = new(application, options);
        application.Run(endpoint.AnswerAsync);
        await application.StartAsync();
        endpoint.Url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return endpoint;
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new();
        await now.CancelAsync();
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using MemoryStream buffer = new();
        await http.Request.Body.CopyToAsync(buffer, http.RequestAborted);
        string target = http.Request.Headers["X-Amz-Target"].ToString();
        string operation = target.StartsWith(TargetPrefix, StringComparison.Ordinal) ? target[TargetPrefix.Length..] : "";
        KmsCaller? caller = null;
        KmsFault? fault = Faults.Take(operation);
        try
        {
            (caller, string region) = Check(http.Request, buffer.ToArray());
            await Task.Delay(fault?.Delay ?? TimeSpan.Zero, http.RequestAborted);
            fault?.Before?.Invoke();
            if (fault?.CutsBefore == true)
            {
                _calls.Enqueue(new(operation, caller.Principal.Arn, "(cut)", false));
                http.Abort();
                return;
            }

            if (fault?.Error is { } error)
            {
                throw error;
            }

            (JsonObject answer, bool isAttested) = Service.Execute(operation, Parse(buffer), caller, region);
            _calls.Enqueue(new(operation, caller.Principal.Arn, null, isAttested));
            fault?.After?.Invoke();
            if (fault?.CutsAfter == true)
            {
                http.Abort();
                return;
            }

            answer = fault?.Rewrite?.Invoke(answer) ?? answer;
            await WriteAsync(http, 200, fault?.Garbles == true ? "<html>" : answer.ToJsonString());
        }
        catch (KmsErrorException e)
        {
            _calls.Enqueue(new(operation, caller?.Principal.Arn ?? "", e.Name, false));
            http.Response.Headers["x-amzn-ErrorType"] = e.Name;
            await WriteAsync(http, e.Status, new JsonObject { ["__type"] = e.Name, ["message"] = e.Message }.ToJsonString());
        }
    }

    private (KmsCaller Caller, string Region) Check(HttpRequest request, byte[] body)
    {
        try
        {
            return SignatureVersion4.Check(request, body, "kms", _options.Callers, _options.Time.GetUtcNow());
        }
        catch (AwsSignatureException e)
        {
            throw new KmsErrorException(e.Name, e.Message);
        }
    }

    private static JsonElement Parse(MemoryStream buffer)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(buffer.ToArray());
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone()
                : throw new KmsErrorException("SerializationException", "Start of structure or map found where not expected.");
        }
        catch (JsonException)
        {
            throw new KmsErrorException("SerializationException", "The body is no JSON.");
        }
    }

    private async Task WriteAsync(HttpContext http, int status, string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/x-amz-json-1.1";
        http.Response.ContentLength = bytes.Length;
        http.Response.Headers.Date = _options.Time.GetUtcNow().UtcDateTime.ToString("R", CultureInfo.InvariantCulture);
        http.Response.Headers["x-amzn-RequestId"] = Guid.NewGuid().ToString();
        await http.Response.Body.WriteAsync(bytes);
    }
}
