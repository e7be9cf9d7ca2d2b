export { inWeChat } from './agent.js';
export { WeirError } from './failure.js';
export { WeirProvider, type WeirProviderProps } from './provider.js';
export type {
  Language,
  QRSession,
  QRState,
  QRStatus,
  UserId,
  WeChatBinding,
  WeChatData,
  WeChatLoginResult,
  WeChatShareData,
  WeirTypes,
} from './types.js';
export { type UseWeChatBinding, useWeChatBinding } from './useWeChatBinding.js';
export { type UseWeChatQR, useWeChatQR } from './useWeChatQR.js';
export { type UseWeChatShare, useWeChatShare, type WeChatShareOptions, type Wx } from './useWeChatShare.js';
export { WeChatLogin, type WeChatLoginProps } from './WeChatLogin.js';
export { WeChatQRGenerator, type WeChatQRGeneratorProps } from './WeChatQRGenerator.js';
export { WeChatSettings } from './WeChatSettings.js';
export { WeChatStatus, type WeChatStatusProps } from './WeChatStatus.js';
